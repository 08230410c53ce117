-- Explains a registered view, one row per fact, in the order of the topics:
--   source        what its query reads, at first hand, with the columns it uses, and the plain views and functions on the way
--   watch         what makes it dirty, as a diff to what the query asks for (see explain_watches)
--   unwatchable   what it reads and nothing can watch, with the reason
--   above         the registered views that are refreshed before it
--   group         the group it is refreshed with: its members in order, how, what that costs, what is in the way
--   state         whether it is fresh, since when not, and how the last refresh went
--   times         the three times, explicit or solved for a target and from what; how old changes were when it showed them
--   verified      until when its contents are known to have been what its query gives, or why that is not known
--   next refresh  when it is due and why, or what is in the way
--   plan          what that refresh will be: the statement, under which limits, how long the last ones took
--   better        what would have to change for it to be fresher or cheaper: the remedies of get_mv_problems(), and hints
-- Runs with the caller's rights, as get_mv_problems() does. Error: PM004.
create or replace function pgauto_mv.explain_mv(p_view regclass) returns table (topic text, object text, detail text)
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_mv_id bigint := pgauto_mv.find_mv(p_view);
  v_name text := coalesce(pgauto_mv.relation_name(p_view), p_view::text);
begin
  return query select s.topic, s.object, s.detail from pgauto_mv.explain_sources(v_mv_id) s;
  return query
    select 'watch'::text, w.relation, format('%s %s%s', w.mark, w.watch,
      case when w.why is not null then ': ' || w.why else '' end
        || case w.mark when '+' then ' (the query asks for it: alter_mv() with p_reset => array[''watch_tables''] adds it)'
          when '-' then ' (the query does not ask for it)' else '' end)
    from pgauto_mv.explain_watches(v_mv_id) w;
  return query select t.topic, t.object, t.detail from pgauto_mv.explain_times(v_mv_id) t;
  return query select s.topic, s.object, s.detail from pgauto_mv.explain_group(v_mv_id) s;
  return query select s.topic, s.object, s.detail from pgauto_mv.explain_refresh(v_mv_id) s;
  return query
    select 'better'::text, p.object, format('%s: %s. %s', p.code, p.evidence, p.remedy) from pgauto_mv.get_mv_problems() p
      where p.object = v_name or p.object in (select 'group ' || g.object from pgauto_mv.explain_group(v_mv_id) g) or p.object in (select w.relation from pgauto_mv.explain_watches(v_mv_id) w)
    union all
    select 'better', v_name, h.hint from pgauto_mv.explain_hints(v_mv_id) h;
end $$;
