-- A database that was just restored is noticed, also when nothing is to be migrated: events that are sent from here on are this
-- node's. Nothing for a login that may not.
do $$
begin
  if pg_catalog.has_function_privilege('pgrelay.this_node()', 'execute') then
    perform pgrelay.this_node();
  end if;
end $$;
