-- Makes the frames of SQL channels that have none of the present form: the migration to it has removed the old ones.
do $$
begin
  perform pgrelay.build_frame(c.id, c.search_path, c.action_checked) from pgrelay.channel c
    where c.kind = 'sql' and pgrelay.frame_digest(c.id) is null
      and pg_catalog.to_regprocedure(pg_catalog.format('pgrelay_action.act_%s%s(text)', c.id, case when c.action_checked then '' else '_unchecked' end)) is not null;
end $$;
