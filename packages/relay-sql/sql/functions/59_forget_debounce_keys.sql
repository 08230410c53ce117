-- Forgets the keys of debounced channels of which nothing runs and whose cooldown is over.
create or replace function pgrelay.forget_debounce_keys() returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  delete from pgrelay.debounce_key k where k.ctid = any (array(
    select x.ctid from pgrelay.debounce_key x left join pgrelay.debounce b on b.channel_id = x.channel_id
    where not exists (select from pgrelay.queue q where q.id = x.running)
      and not exists (select from pgrelay.delayed d where d.id = x.running and d.first_at is null)
      and (x.done_at + b.cooldown > pgrelay.clock_now()) is not true
    for update of x skip locked))
$$;
