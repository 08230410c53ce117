-- Plans one statement of an action as role pgrelay, so that a missing privilege is an error when the action is
-- registered. Works through a function that lives for the length of the call and is owned by pgrelay.
create or replace function pgrelay.explain_action(p_statement text, p_search_path text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  execute format($f$create function pgrelay_action.explain_now() returns void language plpgsql security definer
    set search_path = %s as %L$f$, p_search_path,
    format('begin execute %L using null::text; end', 'explain ' || p_statement));
  revoke all on function pgrelay_action.explain_now() from public;
  grant execute on function pgrelay_action.explain_now() to pgrelay_owner;
  grant create on schema pgrelay_action to pgrelay;
  alter function pgrelay_action.explain_now() owner to pgrelay;
  revoke create on schema pgrelay_action from pgrelay;
  perform pgrelay_action.explain_now();
  drop function pgrelay_action.explain_now();
end $$;
