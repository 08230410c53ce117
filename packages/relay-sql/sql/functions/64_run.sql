-- Does the work of the SQL channels without a Processor, or beside some: CALL pgrelay.run() from psql or pg_cron. Moves
-- what is due into the queue, runs batches with a commit after each, and returns when nothing is ready that it could
-- take: what runs elsewhere is left to whoever runs it. Handlers and top-level channels need a Processor; a NOTICE names those
-- that have events. Makes the log's partitions, but drops none: SELECT pgrelay.maintain_v1('30 days') does that.
--   p_limit   at most so many events; NULL: all
--   p_events  how many ran (done, retried or failed)
-- Call it outside a transaction block (else 2D000, before anything is done). The caller needs role pgrelay_processor. It
-- holds one of the 64 slots meanwhile. A channel's statement timeout is not applied, since no timer can be set inside a
-- call: the caller's own statement_timeout bounds the call, and what it cuts off is ready as before (57014 names the channel).
-- cancel() stops the batch in which an event runs; then that event ends as cancelled, and the call goes on.
-- An event that ends the session of the call each time is found, and set aside at the third time that it ran alone.
-- What actions leave in the session is undone after each batch: settings, and temporary objects, unless the session had some
-- of its own before. Advisory locks and LISTEN last as long as the session: give run() one of its own.
create or replace procedure pgrelay.run(p_limit bigint default null, inout p_events bigint default 0)
language plpgsql
as $$
declare
  v_slot smallint;
  v_epoch bigint;
  v_channel integer;
  v_broken integer[] := '{}';           -- their private function is missing: the others go on
  v_size integer;
  v_ran bigint;
  v_batch record;
  v_suspect boolean;                    -- a call was lost in a batch of this channel: its events run one by one
  v_event bigint;
  v_left record;
  v_path pg_catalog.text := pg_catalog.current_setting('search_path');
  v_settings pg_catalog.jsonb;
  v_own_temporary boolean := pg_catalog.pg_my_temp_schema() operator(pg_catalog.<>) 0::pg_catalog.oid;
begin
  commit;
  v_settings := pgrelay.session_settings_v1();
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);      -- ends with each transaction
  p_events := 0;
  select e.slot, e.epoch into v_slot, v_epoch from pgrelay.enter_run_v1() e;
  loop
    v_ran := 0;
    foreach v_channel in array pgrelay.ready_sql_channels_v1() loop
      continue when v_channel = any (v_broken);
      v_size := 100;
      for v_turn in 1 .. 20 loop                                                  -- then the other channels have theirs
        commit;
        -- Until the search_path is pinned again, names may be looked up where an action wants it: all are qualified.
        perform pgrelay.restore_settings_v1(v_settings);
        if pg_catalog.current_setting('search_path') operator(pg_catalog.<>) v_path then
          perform pg_catalog.set_config('search_path', v_path, false);
        end if;
        perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        if not v_own_temporary then
          discard temp;
        end if;
        exit when p_events >= p_limit;
        if not pgrelay.heartbeat_v1(v_slot, v_epoch) then                         -- buried during a long batch: a new slot
          select e.slot, e.epoch into v_slot, v_epoch from pgrelay.enter_run_v1() e;
        end if;
        if v_turn = 1 or v_suspect then
          select n.suspect, n.event into v_suspect, v_event from pgrelay.note_run_v1(v_slot, v_epoch, v_channel) n;
          exit when v_suspect and v_event is null;
          commit;
          perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        end if;
        begin
          select b.busy, b.limited, b.taken, b.done + b.retried + b.failed as ran into v_batch
            from pgrelay.run_batch_v1(p_slot => v_slot, p_epoch => v_epoch, p_worker => 0::smallint, p_channel_id => v_channel,
              p_limit => case when v_suspect then 1 else least(v_size, p_limit - p_events)::integer end, p_singly => false, p_cap_ms => 50,
              p_only_id => v_event) b;
          perform pgrelay.close_run_v1(v_slot);                                   -- until here cancel() may stop the batch
        exception
          when sqlstate 'PR008' then
            raise warning using errcode = 'PR008', message = sqlerrm;
            v_broken := v_broken || v_channel;
            exit;
          when query_canceled then
            perform pgrelay.close_run_v1(v_slot);
            if pgrelay.end_stopped_v1(v_slot, v_epoch, v_channel) > 0 then        -- the others of the batch run again
              v_ran := v_ran + 1;
              continue;
            end if;
            raise exception using errcode = '57014', message = format('pgrelay.run was cut off in a batch of channel id %s', v_channel),
              hint = 'What it was running is ready as before. A longer statement_timeout, or a Processor, which applies that of the channel, gets past it.';
        end;
        exit when v_batch.busy or v_batch.taken = 0;
        p_events := p_events + v_batch.ran;
        v_ran := v_ran + v_batch.ran;
        v_size := case when v_batch.limited then greatest(v_size / 2, 1) when v_batch.ran = v_batch.taken then least(v_size + v_size / 8 + 1, 500) else v_size end;
      end loop;
    end loop;
    commit;
    perform pgrelay.restore_settings_v1(v_settings);
    if pg_catalog.current_setting('search_path') operator(pg_catalog.<>) v_path then
      perform pg_catalog.set_config('search_path', v_path, false);
    end if;
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    exit when v_ran = 0 or p_events >= p_limit;
  end loop;
  if not v_own_temporary then
    discard temp;
  end if;
  for v_left in select l as names from pgrelay.left_by_run_v1() l where l is not null loop
    raise notice 'events of these channels wait for a Processor: %', v_left.names;
  end loop;
  perform pgrelay.detach_v1(v_slot, v_epoch);
  commit;
  perform pgrelay.keep_log_v1();
end $$;
