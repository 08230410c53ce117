-- Roles of pgrelay. Runs as the installing login, before anything else, at every migration.
-- Roles belong to the whole cluster: another database may have made them already, and two installs may run at once,
-- so every step first looks whether there is anything to do. CREATEROLE is enough; where a login has not even that,
-- a DBA makes the roles beforehand with the statements that the error prints.
--
--   pgrelay_owner      owns every object; SECURITY DEFINER functions run as it; has no right on anything of the user's
--   pgrelay            SQL actions run as it: it can touch only what the user granted to it
--   pgrelay_producer   may call notify()
--   pgrelay_viewer     may read what happens (views, log, problems), never a payload
--   pgrelay_admin      may register, pause and drop channels, and read payloads of failed events
--   pgrelay_processor  what the login of a Processor needs
do $$
declare
  v_role text;
  v_pair record;
  v_probe text := case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end;
begin
  foreach v_role in array array['pgrelay_owner', 'pgrelay', 'pgrelay_producer', 'pgrelay_viewer', 'pgrelay_admin', 'pgrelay_processor'] loop
    if not exists (select from pg_catalog.pg_roles r where r.rolname = v_role) then
      begin
        execute pg_catalog.format('create role %I nologin', v_role);
      exception
        when duplicate_object or unique_violation then null;      -- made by another install since we looked
        when insufficient_privilege then
          raise exception using errcode = 'PR010',
            message = pg_catalog.format('role %I does not exist and %I may not create it', v_role, current_user),
            hint = 'Run as a DBA: create role pgrelay_owner nologin; create role pgrelay nologin; create role pgrelay_producer nologin; '
              'create role pgrelay_viewer nologin; create role pgrelay_admin nologin; create role pgrelay_processor nologin; '
              'grant pgrelay to pgrelay_owner; grant pgrelay_producer to pgrelay, pgrelay_admin, pgrelay_processor; '
              'grant pgrelay_viewer to pgrelay_admin, pgrelay_processor; grant pgrelay_owner to ' || pg_catalog.quote_ident(current_user);
      end;
    end if;
  end loop;

  -- The installer acts as pgrelay_owner; pgrelay_owner hands the frame of an action over to pgrelay.
  for v_pair in
    select * from (values ('pgrelay_owner', current_user::text), ('pgrelay', 'pgrelay_owner'), ('pgrelay_producer', 'pgrelay'),
      ('pgrelay_producer', 'pgrelay_admin'), ('pgrelay_producer', 'pgrelay_processor'),
      ('pgrelay_viewer', 'pgrelay_admin'), ('pgrelay_viewer', 'pgrelay_processor')) v(granted, member)
  loop
    if not pg_catalog.pg_has_role(v_pair.member, v_pair.granted, v_probe) then
      begin
        execute pg_catalog.format('grant %I to %I', v_pair.granted, v_pair.member)
          || case when v_probe = 'SET' then ' with inherit true, set true' else '' end;
      exception when insufficient_privilege then
        raise exception using errcode = 'PR010',
          message = pg_catalog.format('%I is not a member of %I, and %I may not grant that', v_pair.member, v_pair.granted, current_user),
          hint = pg_catalog.format('Run as a DBA: grant %I to %I', v_pair.granted, v_pair.member);
      end;
    end if;
  end loop;
end $$;
