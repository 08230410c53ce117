-- Removes the data of events, those for which all that is given holds, and keeps the audit, which holds none: payloads, dedup keys, the
-- server's words about failures, results of effects and notes of progress. With a commit after each batch:
-- CALL pgrelay.erase(p_key => 'customer 42').
--   p_event_id         this one
--   p_channel, p_key   of this channel, under this dedup key or with this key; also the dedup keys that are kept of events that have ended
--   p_older_than       sent longer ago than this
--   p_events           how many waiting and failed ones went; what waited gets an audit row (cancelled, code erased)
--   p_running          how many run, or are being claimed or held: they were asked to stop, as by cancel(). Call it again until this is 0
-- Notes of progress of what runs go with the next housekeeping. Effects of events that have ended well are found by id, channel and age, but not by key, for no key is kept of them. Locks, errors
-- and transactions: as purge().
create or replace procedure pgrelay.erase(
  p_event_id bigint default null, p_channel text default null, p_key text default null, p_older_than interval default null,
  p_batch integer default 1000, inout p_events bigint default 0, inout p_running bigint default 0
)
language plpgsql
as $$
declare
  v_before pg_catalog.timestamptz;
  v_removed pg_catalog.int8;
begin
  commit;
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);      -- ends with each transaction
  perform pgrelay.check_removal(p_event_id, p_channel, p_key, p_older_than, p_batch);
  v_before := pgrelay.clock_now() - p_older_than;
  call pgrelay.remove_in_batches(array['ready', 'delayed', 'failed'], p_event_id, p_channel, p_key, v_before, 'erased', p_batch, p_events);
  perform pgrelay.erase_keys(p_channel, p_key) where p_key is not null;
  p_running := pgrelay.stop_events(p_event_id, p_channel, p_key, v_before);
  commit;
  loop
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    exit when p_key is not null and p_event_id is null;
    v_removed := pgrelay.erase_effects(p_batch, p_event_id, p_channel, v_before);
    if v_removed < p_batch then
      p_batch := null;
    end if;
    commit;
    exit when p_batch is null;
  end loop;
end $$;
