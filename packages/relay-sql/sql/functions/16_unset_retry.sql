-- Removes a retry rule; p_channel NULL: one of every channel. False when there was none. Arguments and errors as in set_retry.
create or replace function pgrelay.unset_retry(p_channel text, p_match text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_channel_id integer := pgrelay.rule_channel(p_channel);
begin
  perform pgrelay.check_match(p_match);
  delete from pgrelay.retry_rule r where r.channel_id is not distinct from v_channel_id and r.match = p_match;
  return found;
end $$;
