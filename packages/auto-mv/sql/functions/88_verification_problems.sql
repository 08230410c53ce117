-- The findings of verification; see get_mv_problems.
create or replace function pgauto_mv.verification_problems() returns table (code text, object text, evidence text, remedy text)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with mv as (
    select m.*, pgauto_mv.relation_name(m.view) as name, v.outcome, v.reason, v.tried_at, v.verified_until, v.claimed_at
    from pgauto_mv.mv m left join pgauto_mv.verification v on v.mv_id = m.id where exists (select from pg_class c where c.oid = m.view)
  ), found as (
    select i.mv_id, count(*) filter (where i.repaired_at is null) as open, count(*) filter (where i.found_at > pgrelay.clock_now() - interval '7 days') as recent,
      max(i.found_at) as found_at, (array_agg(i.cause order by i.id desc))[1] as cause, (array_agg(i.rows_missing order by i.id desc))[1] as missing,
      (array_agg(i.rows_surplus order by i.id desc))[1] as surplus
    from pgauto_mv.incident i group by i.mv_id
  )
  select 'contents_differ', v.name, format('found at %s: %s rows were missing and %s too many, though no change was waiting; suspected: %s', f.found_at, f.missing, f.surplus, f.cause),
      format('select pgauto_mv.refresh_materialised_view_now(%L, %L); -- or wait for the next refresh, which mends it', v.view_name, v.schema_name)
    from found f join mv v on v.id = f.mv_id where f.open > 0
  union all
  select 'contents_differ_again', v.name, format('%s times in the last 7 days, last at %s: its contents were not what its query gives; suspected: %s', f.recent, f.found_at, f.cause),
      format('select * from pgauto_mv.incidents where mv_id = %s; select pgauto_mv.alter_mv(%L, %L, p_safety_refresh => ''1 hour''); -- end the cause; till then the safety refresh bounds the damage', v.id, v.view_name, v.schema_name)
    from found f join mv v on v.id = f.mv_id where f.recent > 1
  union all
  select 'not_verified', v.name, format('its contents were not compared with its query for more than a day (last %s): %s', coalesce('at ' || v.verified_until, 'never'), coalesce(v.reason, v.outcome)),
      format('call pgauto_mv.verify_mv(%L);%s', v.name, case v.outcome
        when 'not allowed' then ' -- first grant the Processor''s login SELECT on the view and what its query reads'
        when 'too expensive' then ' -- it has no timeout of its own, that of the session counts'
        when 'dirty' then ' -- at a time when nobody writes; or give it a shorter refresh_lag and cooldown'
        else ' -- see pgauto_mv.freshness' end)
    from mv v where v.outcome not in ('equal', 'differs', 'excluded') and v.paused_at is null
      and coalesce(v.verified_until, v.registered_at) < pgrelay.clock_now() - interval '1 day'
$$;
