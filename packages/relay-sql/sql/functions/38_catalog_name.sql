-- A constraint's or relation's name when the catalog knows it, else NULL: an action may RAISE … USING CONSTRAINT with
-- any text, and what is no name of this database does not belong into the log.
create or replace function pgrelay.catalog_name(p_kind text, p_name text) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return case p_kind
    when 'constraint' then (select c.conname from pg_constraint c where c.conname = p_name limit 1)
    when 'relation' then (select c.relname from pg_class c where c.relname = p_name limit 1)
  end;
end $$;
