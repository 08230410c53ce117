-- A table whose rows cause jobs.
create table bench.orders (id bigint generated always as identity primary key, amount integer not null);
create function bench.on_order_job() returns trigger language plpgsql as $$
begin
  perform graphile_worker.add_job('bench', to_json(new.id));
  return null;
end $$
