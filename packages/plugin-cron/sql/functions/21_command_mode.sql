-- How the command of a job runs when that is not said: 'toplevel' when it is one statement that PostgreSQL refuses in a
-- transaction (VACUUM, CREATE INDEX CONCURRENTLY, …) or one CALL, since only there a procedure can commit; else 'transactional'.
create or replace function pgrelay_cron.command_mode(p_command text) returns text
language plpgsql immutable security definer set search_path = pg_catalog, pg_temp set standard_conforming_strings = on
as $$
declare
  v_statements text[] := pgrelay.split_statements(p_command);
begin
  if cardinality(v_statements) <> 1 then
    return 'transactional';
  elsif v_statements[1] ~* '^call\y' then
    return 'toplevel';
  end if;
  perform pgrelay.check_action(p_command);
  return 'transactional';
exception when sqlstate 'PR006' then
  return case when sqlerrm like '%cannot run inside a transaction' then 'toplevel' else 'transactional' end;
end $$;
