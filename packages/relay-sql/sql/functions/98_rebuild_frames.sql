-- Makes the frames of SQL channels anew that are not in the present form, or not as the registration left them: a migration has
-- removed them, or a restore has given them to another owner. The old one goes first: CREATE EXTENSION and its updates run this
-- too, and there nothing is replaced that is no part of the extension. A frame of another role is left: get_problems() shows it.
do $$
declare
  v_channel record;
begin
  for v_channel in
    select c.id, c.search_path, c.action_checked from pgrelay.channel c
    left join pg_catalog.pg_proc p on p.oid = pg_catalog.to_regprocedure(pg_catalog.format('pgrelay_action.run_%s(bigint[], text[], boolean, timestamptz)', c.id))
    where c.kind = 'sql' and c.frame is distinct from pgrelay.frame_digest(c.id)
      and pg_catalog.to_regprocedure(pg_catalog.format('pgrelay_action.act_%s%s(text)', c.id, case when c.action_checked then '' else '_unchecked' end)) is not null
      and (p.oid is null or p.proowner in ('pgrelay'::pg_catalog.regrole, 'pgrelay_owner'::pg_catalog.regrole))
  loop
    execute pg_catalog.format('drop function if exists pgrelay_action.run_%s(bigint[], text[], boolean, timestamptz)', v_channel.id);
    perform pgrelay.build_frame(v_channel.id, v_channel.search_path, v_channel.action_checked);
  end loop;
end $$;
