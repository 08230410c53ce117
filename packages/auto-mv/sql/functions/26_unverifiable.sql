-- Why contents and query of a view cannot be compared by these roles, whatever is done; NULL when they can: what it reads
-- cannot be watched, or is not watched, so that a difference would be no surprise; or its code is not to run with their rights.
create or replace function pgauto_mv.unverifiable(p_mv_id bigint, p_roles name[]) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  v_view oid := (select m.view from pgauto_mv.mv m where m.id = p_mv_id);
  v_reason text;
begin
  select format('it reads %s: %s', u.object, u.reason) into v_reason from pgauto_mv.unwatchable(v_view) u order by u.object limit 1;
  if v_reason is null then
    select format('it reads the materialized view %s, which is not registered', pgauto_mv.relation_name(b.relation)) into v_reason
      from pgauto_mv.read_by(v_view) b where b.kind = 'm' and not exists (select from pgauto_mv.mv u where u.view = b.relation) limit 1;
  end if;
  if v_reason is null then
    select format('it reads %s and does not watch it for %s', pgauto_mv.relation_name(w.relation), w.operation) into v_reason
      from pgauto_mv.wanted_watches(v_view) w
      where not exists (
        select from pgauto_mv.view_watch d join pgauto_mv.watch o on o.id = d.watch_id
        where d.mv_id = p_mv_id and o.relation = w.relation and (o.operation = w.operation or pgauto_mv.covers(o.relation, o.operation, w.operation)))
      order by 1 limit 1;
  end if;
  if v_reason is null then
    select format('it calls %s of %s, who is not to run code as %s', c.object, c.owner, array_to_string(p_roles, ', ')) into v_reason
      from pgauto_mv.untrusted_code(v_view, p_roles) c limit 1;
  end if;
  return v_reason;
end $$;
