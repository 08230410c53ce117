-- Puts the refresh of a view into the queue. The planner's requests share one dedup key a view; an explicit one has
-- none, so that the planner never waits for the transaction of somebody who asked by hand. Returns the event's id.
create or replace function pgauto_mv.request_refresh(p_mv_id bigint, p_source text, p_token xid8, p_dedup_key text) returns bigint
language sql volatile set search_path = pg_catalog, pg_temp
as $$
  select pgrelay.notify('pgauto_mv.refresh',
    json_build_object('mv', p_mv_id::text, 'source', p_source, 'token', p_token::text)::text, p_dedup_key => p_dedup_key)
$$;
