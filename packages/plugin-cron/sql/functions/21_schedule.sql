-- Schedules a job, or changes the one with this name: p_command, SQL, runs at every occurrence of p_spec (see
-- parse_spec), each time as an event of the channel cron.<p_name>, as role pgrelay, in one transaction. Names in the
-- command are resolved with the search_path of this session, and it is checked here and now.
-- An occurrence that is due while the one before still waits to start joins it; missed ones are skipped.
-- Returns the job's id. Errors: PC001 spec, PC003 the name is taken, PC004 name or command, PR006 and whatever
-- planning the command says.
-- Runs as the caller, who needs pgrelay_admin: register_channel has to see its search_path. So every name is qualified.
create or replace function pgrelay_cron.schedule(p_name text, p_spec text, p_command text) returns bigint
language plpgsql
as $$
declare
  v_channel pg_catalog.text := 'cron.' operator(pg_catalog.||) p_name;
  v_id bigint := pgrelay_cron.record_job(p_name, p_spec, 'sql', v_channel, null);
begin
  if p_command is null then
    raise exception using errcode = 'PC004', message = pg_catalog.format('job %L has no command', p_name), hint = 'Give SQL text.';
  end if;
  perform pgrelay.register_channel(v_channel, p_command, p_replace => true);
  return v_id;
end $$;
