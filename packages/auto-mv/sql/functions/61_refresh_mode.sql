-- How a view can be refreshed now, and why not CONCURRENTLY if not: it takes contents and a unique index that is valid,
-- immediate, over plain columns, and without a predicate (the server's own rule).
create or replace function pgauto_mv.refresh_mode(p_view oid) returns table (mode text, reason text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with i as (
    select x.indisvalid, x.indimmediate, x.indpred is null as whole, x.indexprs is null as columns_only
    from pg_index x where x.indrelid = p_view and x.indisunique
  ), r as (
    select case
      when not (select c.relispopulated from pg_class c where c.oid = p_view) then 'the view has no contents yet'
      when exists (select from i where i.indisvalid and i.indimmediate and i.whole and i.columns_only) then null
      when not exists (select from i) then 'the view has no unique index'
      when exists (select from i where i.indimmediate and i.whole and i.columns_only) then 'the unique index is invalid'
      when exists (select from i where i.columns_only) then 'the unique index has a WHERE clause'
      else 'the unique index is over an expression' end as reason
  )
  select case when r.reason is null then 'concurrently' else 'plain' end, r.reason from r
$$;
