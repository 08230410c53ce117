-- pgrelay without a line of TypeScript. Beforehand: npx pgrelay migrate. While it runs: npx pgrelay start.
--   psql "$DATABASE_URL" -f examples/sql-only.sql
create schema if not exists example;
create table if not exists example.orders (id bigint generated always as identity primary key, customer text not null, total int not null);
create table if not exists example.customer_total (customer text primary key, total int not null default 0);
grant usage on schema example to pgrelay;                                   -- actions run as role pgrelay
grant select on example.orders to pgrelay;
grant select, insert, update on example.customer_total to pgrelay;

-- What happens to an event of the channel; $1 is its payload. It is checked here and now.
select pgrelay.register_channel('order.paid', p_replace => true, p_action_sql => $action$
  insert into example.customer_total as t (customer, total)
    select o.customer, o.total from example.orders o where o.id = $1::bigint
    on conflict (customer) do update set total = t.total + excluded.total
$action$);

-- An event is sent in the transaction of whoever writes: it is delivered if that commits, and never was if it does not.
create or replace function example.order_paid() returns trigger language plpgsql as $body$
begin
  perform pgrelay.notify('order.paid', new.id::text);
  return null;
end $body$;
create or replace trigger order_paid after insert on example.orders
  for each row execute function example.order_paid();

begin;
insert into example.orders (customer, total) values ('ada', 1000);
rollback;
insert into example.orders (customer, total) values ('ada', 30), ('ada', 12), ('grace', 7);

-- Wait for the Processor (a script would not), then look at the result and at the audit log.
do $wait$
begin
  for i in 1..600 loop
    exit when not exists (select from pgrelay.events e where e.channel = 'order.paid');
    commit;
    perform pg_sleep(0.05);
  end loop;
end $wait$;
select customer, total from example.customer_total order by customer;
select channel, outcome, count(*) from pgrelay.log where channel = 'order.paid' group by 1, 2;
