-- Sends the event after a refresh, in the refresh's own transaction: it commits with the contents. Returns NULL, or the
-- SQLSTATE with which it could not be sent; the refresh goes on either way.
-- The transaction's snapshot is as old as the refresh is long, so a channel may have been dropped meanwhile: locking its
-- row fails then, and takes the event back. In this order: a drop that comes later waits for the event, which it sees.
create or replace function pgauto_mv.announce_refresh(p_channel text, p_payload text) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  v_code text;
begin
  perform pgrelay.notify(p_channel, p_payload);
  perform from pgrelay.channel c where c.name = p_channel for key share;
  return null;
exception when others then
  get stacked diagnostics v_code = returned_sqlstate;
  return v_code;
end $$;
