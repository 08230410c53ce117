-- Claims, runs and settles a batch of a SQL channel in the one transaction of this call: the action's writes, the
-- events' end and their audit rows commit together or not at all. No lease is needed: while it runs the events are
-- locked, and if the connection dies they are ready as before.
-- One batch of a channel at a time, unless it is parallel (busy: another has the turn). A batch of several events runs
-- under lock_timeout 5 ms and ends at p_cap_ms; what it did not come to stays ready and was no attempt (limited: it
-- stopped at a lock; ask for a smaller batch). The caller sends statement_timeout; on 57014 everything is undone, and
-- the events run again one by one.
-- A limited channel lets some events wait (take_limited_batch), and a parallel one has turns for as many batches as it may.
-- Lanes are read from the Processor's low-water marks on (p_priorities, p_lows), as in claim_v1.
-- p_only_id runs that one event, if it is still ready: after a timeout the Processor must know which event it was.
-- Events that somebody wants cancelled end here, instead of all else.
-- Returns counts and, for what did not go well, ids with SQLSTATE and code: never a message or payload.
create or replace function pgrelay.run_batch_v1(
  p_slot smallint, p_epoch bigint, p_worker smallint, p_channel_id integer, p_limit integer, p_singly boolean, p_cap_ms integer,
  p_priorities smallint[] default '{}', p_lows bigint[] default '{}', p_only_id bigint default null,
  out busy boolean, out limited boolean, out taken integer, out done integer, out retried integer, out failed integer,
  out troubles jsonb
)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text;
  v_parallel boolean;
  v_breaker boolean;
  v_limited boolean;
  v_debounced boolean;
  v_expires boolean;
  v_frame text;
  v_rows tid[];
  v_ids bigint[];
  v_payloads text[];
  v_keys text[];
  v_started timestamptz[];
  v_ended timestamptz[];
  v_failures pgrelay.action_result[];
  v_ran integer;
  v_lock_timeout text := current_setting('lock_timeout');
begin
  busy := false; limited := false; taken := 0; done := 0; retried := 0; failed := 0; troubles := '[]';
  perform pgrelay.check_fence(p_slot, p_epoch);
  select c.name, c.parallel, c.frame, c.breaker, c.limited, c.debounced, c.expire_after is not null
    into v_name, v_parallel, v_frame, v_breaker, v_limited, v_debounced, v_expires
    from pgrelay.channel c where c.id = p_channel_id and c.state = 'active' and c.kind = 'sql';
  if not found then
    return;
  elsif not v_parallel then
    perform from pgrelay.channel_turn t where t.channel_id = p_channel_id for update skip locked;
    if not found then
      busy := true;
      return;
    end if;
  elsif v_limited and not pgrelay.take_turn(p_channel_id) then
    busy := true;
    return;
  end if;

  if v_expires then
    perform pgrelay.expire_events(p_channel_id, p_priorities, p_lows, greatest(2 * p_limit, 50));
  end if;
  if v_limited then
    select b.rows, b.ids, b.payloads, b.keys into v_rows, v_ids, v_payloads, v_keys
      from pgrelay.take_limited_batch(p_channel_id, case when v_breaker then pgrelay.admit(p_channel_id, p_limit) else p_limit end, p_priorities, p_lows, p_only_id) b;
  else
    select b.rows, b.ids, b.payloads, b.keys into v_rows, v_ids, v_payloads, v_keys
      from pgrelay.take_batch(p_channel_id, case when v_breaker then pgrelay.admit(p_channel_id, p_limit) else p_limit end, p_priorities, p_lows, p_only_id) b;
  end if;
  taken := coalesce(cardinality(v_ids), 0);
  if taken = 0 then
    return;
  elsif exists (select from pgrelay.cancellation) then            -- seldom; the others come with the next batch
    troubles := pgrelay.end_cancelled(p_slot, p_worker, v_ids, null);
    if troubles <> '[]' then
      return;
    end if;
  end if;

  if v_frame is distinct from pgrelay.frame_digest(p_channel_id) then
    raise exception using errcode = 'PR008', message = format('the private function of channel %L is missing or was altered', v_name),
      hint = 'Register the channel again with p_replace => true.';
  end if;
  if taken > 1 then
    perform set_config('lock_timeout', '5ms', true);
  end if;
  execute format('select * from pgrelay_action.run_%s($1, $2, $3, $4)', p_channel_id)
    into v_started, v_ended, v_failures using v_ids, v_payloads, p_singly, pgrelay.clock_now() + make_interval(secs => p_cap_ms / 1000.0);
  -- What an action may have left behind is undone before anything of ours runs on. It may have set search_path for the session,
  -- which outlives the frame's own: so this first statement is qualified, and then names are pinned again. A cursor WITH HOLD
  -- would be run at COMMIT, as the login of the Processor: none survives.
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  execute 'close all';
  perform set_config('lock_timeout', v_lock_timeout, true);      -- the log is waited for: 5 ms there would undo what has run
  perform set_config('pgrelay.event', '', true);
  v_ran := coalesce(cardinality(v_ended), 0);
  limited := v_ran = 0 or (v_ran < taken and pgrelay.clock_now() < v_started[1] + make_interval(secs => p_cap_ms / 1000.0));

  select b.done, b.retried, b.failed, b.troubles into done, retried, failed, troubles
    from pgrelay.end_batch(p_slot, p_worker, p_channel_id, v_name, v_rows[1 : v_ran], v_ids[1 : v_ran], v_started, v_ended, v_failures) b;
  if v_breaker then
    perform pgrelay.note_attempts(p_channel_id, v_ids[1 : v_ran],
      array(select f.id is null from unnest(v_ids[1 : v_ran]) with ordinality i(id, n) left join unnest(v_failures) f on f.id = i.id order by i.n));
  end if;
  if v_limited and v_ran > 0 then
    perform pgrelay.note_starts(p_channel_id, v_ran);
  end if;
  if v_keys is not null then
    perform pgrelay.free_dedup_keys(p_channel_id, v_keys, v_ids[1 : v_ran]);
  end if;
  if v_debounced then
    perform pgrelay.end_debounced(v_ids[1 : v_ran]);
  end if;
end $$;
