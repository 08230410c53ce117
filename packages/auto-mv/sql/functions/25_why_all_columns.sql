-- For what reason every UPDATE of a relation makes a view dirty, whichever columns it sets; NULL when there is none (any more).
create or replace function pgauto_mv.why_all_columns(p_view oid, p_relation oid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select max(w.why) from pgauto_mv.wanted_watches(p_view) w where w.relation = p_relation $$;
