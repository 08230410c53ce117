-- From here to the end of the frame everything runs as pgrelay_owner, to whom it belongs as if npx pgrelay migrate had made it. A superuser
-- must not run it: whoever is a member of pgrelay_owner may have put a trigger on a table that is written here.
create function :schema.run_as_owner(p_sql text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set client_min_messages = warning
as $pgrelay_script$
begin
  execute p_sql;
end $pgrelay_script$;
alter function :schema.run_as_owner(text) owner to pgrelay_owner;
select :schema.run_as_owner($pgrelay_frame$
:body
$pgrelay_frame$);
drop function :schema.run_as_owner(text);
