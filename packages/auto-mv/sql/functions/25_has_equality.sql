-- Whether values of a type can be compared with = by EXCEPT, as far as the catalog says it plainly; others are compared as text.
create or replace function pgauto_mv.has_equality(p_type oid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$
  with recursive base (oid) as (
    select p_type
    union
    select case when t.typtype = 'd' then t.typbasetype else t.typelem end from base b join pg_type t on t.oid = b.oid
    where t.typtype = 'd' or t.typcategory = 'A'
  )
  select exists (
    select from base b join pg_type t on t.oid = b.oid
    where t.typtype <> 'd' and t.typcategory <> 'A' and (t.typtype in ('e', 'r', 'm') or exists (
      select from pg_opclass o join pg_am a on a.oid = o.opcmethod and a.amname in ('btree', 'hash') where o.opcdefault and (o.opcintype = t.oid or exists (
        select from pg_cast c where c.castsource = t.oid and c.casttarget = o.opcintype and c.castmethod = 'b' and c.castcontext = 'i')))))
$$;
