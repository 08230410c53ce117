-- The columns of a view over which a unique index can be tried, as CREATE INDEX takes them: all that have an order, since
-- together they tell any two rows apart that are not equal. NULL when there is none.
create or replace function pgauto_mv.key_proposal(p_view oid) returns text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select string_agg(quote_ident(c.attname), ', ' order by c.attnum) from (
    select a.attname, a.attnum from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_type b on b.oid = t.typbasetype
    where a.attrelid = p_view and a.attnum > 0 and not a.attisdropped
      and coalesce(b.typname, t.typname) not in ('json', 'xml', 'point', 'lseg', 'line', 'path', 'box', 'polygon', 'circle', 'txid_snapshot', 'pg_snapshot')
    order by a.attnum limit 32) c
$$;
