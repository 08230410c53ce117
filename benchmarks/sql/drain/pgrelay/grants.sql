-- SQL actions run as pgrelay.
grant usage on schema bench to pgrelay;
grant insert on bench.effect to pgrelay
