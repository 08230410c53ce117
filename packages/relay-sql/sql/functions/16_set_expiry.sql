-- Lets the events of a channel expire: one that has not started p_expire_after after it was due (sent, when no time was given) never starts; it is
-- gone, with its payload, and has an audit row (cancelled, code expired). One that has started once runs again however late. Nothing is reported to
-- on_failure. NULL: they do not expire. Holds at once, also for what waits. PR001 for an unknown channel, PR004 for a time that is not
-- above 0 and at most 3660 days.
create or replace function pgrelay.set_expiry(p_channel text, p_expire_after interval) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not (p_expire_after > interval '0' and p_expire_after <= interval '3660 days') then
    raise exception using errcode = 'PR004', message = format('p_expire_after is %s', p_expire_after),
      hint = 'Give an interval above 0 and at most 3660 days, or NULL: events do not expire.';
  end if;
  update pgrelay.channel c set expire_after = p_expire_after where c.name = p_channel;
  if not found then
    raise exception using errcode = 'PR001', message = format('channel %L is not registered', p_channel),
      hint = 'The view pgrelay.channels lists what is registered.';
  end if;
end $$;
