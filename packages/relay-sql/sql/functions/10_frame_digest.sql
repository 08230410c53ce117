-- A digest of a SQL channel's private function: its body, settings, owner and security. NULL when it does not exist. An action
-- runs as the owner of these functions and could alter another channel's: what does not match the digest is not run. It is made of
-- names and no oids: a dump that is restored into another cluster has the same one.
create or replace function pgrelay.frame_digest(p_channel_id integer) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select md5(concat_ws('|', p.prosrc, p.proconfig::text, p.proowner::regrole::text, p.prosecdef::text, p.provolatile))
  from pg_proc p where p.oid = to_regprocedure(format('pgrelay_action.run_%s(bigint[], text[], boolean, timestamptz)', p_channel_id))
$$;
