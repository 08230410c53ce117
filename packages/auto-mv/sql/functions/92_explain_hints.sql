-- For explain_mv(): what nothing is wrong with and could be better all the same.
create or replace function pgauto_mv.explain_hints(p_mv_id bigint) returns table (hint text)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with mv as (
    select m.*, (select count(*) from pgauto_mv.explain_watches(m.id) w where w.mark = '-') as extra,
      (select count(*) from pgauto_mv.explain_watches(m.id) w where w.mark = '+') as lacking,
      (select count(*) filter (where l.rows_inserted = 0 and l.rows_deleted = 0) from (
        select l.rows_inserted, l.rows_deleted from pgauto_mv.log l where l.mv_id = m.id and l.kind = 'attempt' and l.outcome = 'done' order by l.id desc limit 20) l) as idle
    from pgauto_mv.mv m where m.id = p_mv_id
  ), share as (
    select s.* from mv v cross join lateral pgauto_mv.simulate_mv(v.view::regclass) s where exists (select from pg_class c where c.oid = v.view)
  )
  select 'changes of what the query reads go unnoticed: see the watches marked +' from mv v where v.lacking > 0
  union all
  select 'it is refreshed for changes that its query does not ask for: see the watches marked -' from mv v where v.extra > 0
  union all
  select format('%s of the last 20 refreshes changed no row: a longer %s, or narrower watches, would save them', v.idle, case when v.target_lag is null then 'refresh_lag' else 'target_lag' end) from mv v where v.idle >= 10
  union all
  select format('refreshes take %s %% of the time: simulate_mv() tells what a longer lag or cooldown would save', round(s.refreshing_share * 100)) from share s where s.refreshing_share > 0.1
  union all
  select format('%s is all columns of an UPDATE: %s', w.relation, w.why) from pgauto_mv.explain_watches(p_mv_id) w where w.why is not null and w.why <> 'by p_chain'
$$;
