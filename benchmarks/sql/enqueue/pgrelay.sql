-- The channel that takes the events, a table whose rows cause them, and the raw copies to compare with.
select pgrelay.register_channel('bench', p_action_sql => 'select 1');
create table bench.orders (id bigint generated always as identity primary key, amount integer not null);
create table bench.bare (
  id bigint generated always as identity primary key,
  enqueued_at timestamptz not null default clock_timestamp(),
  channel text not null,
  payload text
);
create table bench.queue (like pgrelay.queue including all);
create function bench.on_order() returns trigger language plpgsql as $$
begin
  perform pgrelay.notify('bench', new.id::text);
  return null;
end $$;
create function bench.on_order_bare() returns trigger language plpgsql as $$
begin
  insert into bench.bare (channel, payload) values ('bench', new.id::text);
  return null;
end $$
