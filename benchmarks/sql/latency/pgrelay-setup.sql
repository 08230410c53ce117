-- A handler's channel, and one with a SQL action that notes when it starts.
create schema latency;
create table latency.started (n integer not null, at timestamptz not null);
grant usage on schema latency to pgrelay;
grant insert on latency.started to pgrelay;
select pgrelay.register_channel('latency.handler'),
  pgrelay.register_channel('latency.sql', 'insert into latency.started values (($1::json->>''n'')::integer, clock_timestamp())')
