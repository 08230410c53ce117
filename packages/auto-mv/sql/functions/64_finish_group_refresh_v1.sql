-- Last statement of a group's transaction, before COMMIT: finish_refresh_v1() for each member, in order, and what the
-- REFRESH of each took (done_cost). Error: PM013; roll back.
create or replace function pgauto_mv.finish_group_refresh_v1(p_mv_ids bigint[], p_epochs bigint[], p_source text, p_mode text, p_reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_members jsonb := coalesce(nullif(current_setting('pgauto_mv.members', true), ''), '{}')::jsonb;
  v_roots jsonb := coalesce(nullif(current_setting('pgauto_mv.roots', true), ''), '{}')::jsonb;
  v_member jsonb;
begin
  for v_i in 1 .. cardinality(p_mv_ids) loop
    v_member := v_members -> p_mv_ids[v_i]::text;
    perform set_config('pgauto_mv.root', coalesce(v_roots ->> p_mv_ids[v_i]::text, ''), true),
      set_config('pgauto_mv.rows_before', coalesce(v_member ->> 'rows', ''), true);
    update pgauto_mv.state s set done_cost =
        coalesce((v_members -> p_mv_ids[v_i + 1]::text ->> 'began')::timestamptz, v_now) - (v_member ->> 'began')::timestamptz
      where s.mv_id = p_mv_ids[v_i] and s.epoch = p_epochs[v_i];
    perform pgauto_mv.finish_refresh_v1(p_mv_ids[v_i], p_epochs[v_i], p_source, p_mode, p_reason);
  end loop;
end $$;
