-- Removes the private functions of a SQL channel.
create or replace function pgrelay.drop_action(p_channel_id integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set client_min_messages = warning
as $$
begin
  execute format('drop function if exists pgrelay_action.run_%s(bigint[], text[], boolean, timestamptz)', p_channel_id);
  execute format('drop function if exists pgrelay_action.act_%s(text)', p_channel_id);
  execute format('drop function if exists pgrelay_action.act_%s_unchecked(text)', p_channel_id);
end $$;
