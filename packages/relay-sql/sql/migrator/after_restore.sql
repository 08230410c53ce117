-- Mends what a restore leaves, also when nothing is to be migrated. Runs as the installing login; nothing for one that may not.
--   node      a database that was just restored is noticed: events that are sent from here on are this node's
--   frames    who restores without being a superuser cannot give the private functions of SQL channels to role pgrelay, and is their
--             owner then: they are dropped and made anew
do $$
declare
  v_frame regprocedure;
begin
  if not pg_catalog.pg_has_role('pgrelay_owner', 'MEMBER') then
    return;
  end if;
  for v_frame in
    select p.oid from pg_catalog.pg_proc p
    where p.pronamespace = pg_catalog.to_regnamespace('pgrelay_action') and p.proname like 'run\_%' and p.proowner = (select r.oid from pg_catalog.pg_roles r where r.rolname = current_user)
  loop
    execute pg_catalog.format('drop function %s', v_frame);
  end loop;
  set local role pgrelay_owner;
  perform pgrelay.this_node();
  perform pgrelay.build_frame(c.id, c.search_path, c.action_checked) from pgrelay.channel c
    where c.kind = 'sql' and pgrelay.frame_digest(c.id) is null
      and pg_catalog.to_regprocedure(pg_catalog.format('pgrelay_action.act_%s%s(text)', c.id, case when c.action_checked then '' else '_unchecked' end)) is not null;
  set local role none;
end $$;
