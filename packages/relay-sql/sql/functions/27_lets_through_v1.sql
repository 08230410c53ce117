-- Whether a channel's breaker lets an event through now: it is closed, or its pause is over and no other event is its probe.
create or replace function pgrelay.lets_through_v1(p_channel_id integer) returns boolean
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  select not exists (select from pgrelay.breaker b where b.channel_id = p_channel_id and b.open_until is not null
    and (b.open_until > pgrelay.clock_now() or exists (select from pgrelay.queue q where q.id = b.probe and q.slot is not null)))
$$;
