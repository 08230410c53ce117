-- Registers, or changes, the channel of a job's command. PC004 when there is no command or the mode is none; PR006 and whatever
-- planning the command says. Runs as the caller: register_channel has to see its search_path. So every name is qualified.
create or replace function pgrelay_cron.register_command(p_name text, p_command text, p_mode text, p_overlap text, p_timeout interval) returns void
language plpgsql
as $$
declare
  v_channel pg_catalog.text := 'cron.' operator(pg_catalog.||) p_name;
  v_mode pg_catalog.text := coalesce(p_mode, pgrelay_cron.command_mode(p_command));
begin
  if p_command is null then
    raise exception using errcode = 'PC004', message = pg_catalog.format('job %L has no command', p_name), hint = 'Give SQL text.';
  elsif v_mode operator(pg_catalog.<>) all (array['transactional', 'toplevel']) then
    raise exception using errcode = 'PC004', message = pg_catalog.format('job %L: mode %L is not transactional or toplevel', p_name, p_mode),
      hint = 'Leave it away: a command that cannot run in a transaction is found by itself.';
  elsif v_mode operator(pg_catalog.=) 'toplevel' then
    perform pgrelay.register_channel(v_channel, array[p_command], p_statement_timeout => p_timeout, p_replace => true);
  else
    perform pgrelay.register_channel(v_channel, p_command, p_statement_timeout => p_timeout,
      p_parallel => p_overlap operator(pg_catalog.=) 'allow', p_replace => true);
  end if;
end $$;
