-- What a refresh in the calling transaction shows the contents of a view as of: all that was committed before that is in them.
-- The beginning of the transaction, which is no later than its snapshot; or, when the view reads materialized views, what the
-- oldest of these shows. NULL when one of them is not registered, or nothing is known of it.
create or replace function pgauto_mv.as_of(p_view oid) returns timestamptz
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case when coalesce(bool_and(s.as_of is not null), true) then least(transaction_timestamp(), min(s.as_of)) end
  from pgauto_mv.read_by(p_view) b
  left join pgauto_mv.mv u on u.view = b.relation left join pgauto_mv.state s on s.mv_id = u.id
  where b.kind = 'm'
$$;
