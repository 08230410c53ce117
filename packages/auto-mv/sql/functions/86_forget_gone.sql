-- Ends the registrations of views that have been gone for p_after, as far as the registry goes: triggers that no other view
-- needs stay on their tables, write for nobody, and are a problem row until clean_mv() takes them off. Returns their names.
-- A view that is missed for the first time only has the time noted. The caller holds the registry's lock.
create or replace function pgauto_mv.forget_gone(p_after interval) returns table (action text, object text)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_mv record;
begin
  update pgauto_mv.mv m set gone_at = null where m.gone_at is not null and exists (select from pg_class c where c.oid = m.view);
  for v_mv in
    update pgauto_mv.mv m set gone_at = coalesce(m.gone_at, v_now) where not exists (select from pg_class c where c.oid = m.view)
    returning m.id, format('%I.%I', m.schema_name, m.view_name) as name, m.gone_at
  loop
    object := v_mv.name;
    if v_mv.gone_at > v_now - p_after then
      action := 'view gone';
    else
      perform pgauto_mv.forget_watch(f.watch_id) from pgauto_mv.forget_mv(v_mv.id) f;
      action := 'unregistered';
    end if;
    return next;
  end loop;
end $$;
