-- What the demo keeps beside the shop: how long each write took, and the numbers of new orders. Unlogged: figures only.
create schema demo;
create unlogged table demo.latency (
  started_at timestamptz not null,   -- the server's clock, at the start of the write
  ms double precision not null       -- as the client saw it, answer included
);
create index latency_started on demo.latency (started_at);
create sequence demo.order_no start 10000000;
create table demo.run (one boolean primary key default true check (one), started_at timestamptz not null, ended_at timestamptz);
