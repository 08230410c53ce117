-- For run(): undoes what actions have set for the session since session_settings_v1 gave p_settings.
create or replace function pgrelay.restore_settings_v1(p_settings jsonb) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_now jsonb := pgrelay.session_settings_v1();
  v_name text;
begin
  for v_name in
    select n.name from (select jsonb_object_keys(v_now) union select jsonb_object_keys(p_settings)) n(name)
    where v_now -> n.name is distinct from p_settings -> n.name
  loop
    if p_settings ? v_name then
      perform set_config(v_name, p_settings ->> v_name, false);
    else
      execute format('reset %I', v_name);
    end if;
  end loop;
end $$;
