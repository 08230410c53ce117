-- Whether a view is tied to other watches than these.
create or replace function pgauto_mv.watches_differ(p_mv_id bigint, p_relations oid[], p_operations text[]) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  with wanted as (select distinct w.relation, w.operation from unnest(p_relations, p_operations) w(relation, operation)),
  present as (
    select w.relation, w.operation from pgauto_mv.view_watch d join pgauto_mv.watch w on w.id = d.watch_id where d.mv_id = p_mv_id and d.watched)
  select exists (select from (table wanted except table present) x) or exists (select from (table present except table wanted) x)
$$;
