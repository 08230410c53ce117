-- Has the marks of a debounced channel looked at anew, after its settings were changed. Those that somebody is collapsing just now are
-- looked at anyway.
create or replace function pgrelay.hasten_marks(p_channel_id integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
begin
  update pgrelay.delayed d set run_at = least(d.run_at, pgrelay.clock_now()), last_at = coalesce(d.last_at, d.first_at)
    where d.ctid = any (array(
      select x.ctid from pgrelay.delayed x where x.first_at is not null and x.channel_id = p_channel_id for no key update skip locked));
  if found then
    perform pgrelay.hint('');
  end if;
end $$;
