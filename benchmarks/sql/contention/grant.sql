-- Actions run as pgrelay.
grant usage on schema contention to pgrelay;
grant select, update on contention.stock to pgrelay
