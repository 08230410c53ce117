-- Has the marks of debounced channels looked at again that wait for the one before them, when that has ended: the safety net, once a second, under
-- end_debounced(), for those that were cancelled or removed, and for one that ended while its key was being collapsed.
create or replace function pgrelay.unblock_marks(p_now timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  v_ms bigint := floor(extract(epoch from p_now) * 1000);
begin
  if (select s.last_value between v_ms - 999 and v_ms from pgrelay.debounce_beat s) then      -- the clock may have been set back
    return;
  end if;
  perform setval('pgrelay.debounce_beat', v_ms);
  update pgrelay.delayed d set run_at = p_now where d.ctid = any (array(
    select x.ctid from pgrelay.delayed x
    where x.first_at is not null and x.run_at = 'infinity' and not pgrelay.runs_debounced(x.channel_id, x.channel_id::text || coalesce('=' || x.dedup_key, ''))
    for no key update skip locked));
end $$;
