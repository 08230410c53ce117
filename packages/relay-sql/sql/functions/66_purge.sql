-- Removes events that wait or failed, those for which all that is given holds, with a commit after each batch: CALL pgrelay.purge('orders').
--   p_channel, p_key   of this channel, under this dedup key
--   p_older_than       sent longer ago than this
--   p_stages           where: ready, delayed, failed
--   p_batch            so many events a transaction
--   p_events           how many went
-- What waited gets an audit row (cancelled, code purged). What runs, or is being claimed or held just now, is left. Waits for nobody. Call it
-- outside a transaction block (else 2D000, before anything is done); what was committed before an error stays done. PR004 when nothing says
-- which events, PR001 for an unknown channel.
create or replace procedure pgrelay.purge(
  p_channel text default null, p_key text default null, p_older_than interval default null,
  p_stages text[] default array['ready', 'delayed', 'failed'], p_batch integer default 1000, inout p_events bigint default 0
)
language plpgsql
as $$
declare
  v_before pg_catalog.timestamptz;
begin
  commit;
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);      -- ends with each transaction
  perform pgrelay.check_removal(null, p_channel, p_key, p_older_than, p_batch);
  if p_stages is null or not p_stages <@ array['ready', 'delayed', 'failed'] then
    raise exception using errcode = 'PR004', message = format('p_stages is %s', coalesce(p_stages::text, 'NULL')), hint = 'They are ready, delayed and failed.';
  end if;
  v_before := pgrelay.clock_now() - p_older_than;
  call pgrelay.remove_in_batches(p_stages, null, p_channel, p_key, v_before, 'purged', p_batch, p_events);
end $$;
