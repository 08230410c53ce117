-- Whether the triggers of a relation are off because it, or a parent of it, is gated.
create or replace function pgauto_mv.is_gated_source(p_relation oid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select exists (select from pgauto_mv.gate g where g.relation = p_relation) $$;
