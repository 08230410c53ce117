-- The schema of a plugin's module; :schema is replaced by its quoted name. Runs as the installing login.
do $$
begin
  if to_regnamespace(:literal) is null then
    create schema :schema authorization pgrelay_owner;
  end if;
end $$;
