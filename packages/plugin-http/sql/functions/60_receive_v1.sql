-- What a Processor calls for a request to POST /channels/:name/events that it has authenticated: one event, and one only
-- for each key of a channel, however often and through however many Processors it is sent.
--   p_key        the sender's name for the event; NULL: it has none, and a repetition is another event
--   p_sent_at    when it was signed, NULL without a signature; p_tolerance is how far that may be from now, by this database's clock
--   verdict      accepted: event_id is new; repeated: it is that of the first time; reused: another payload had this key; late
-- Errors are those of notify(). Locks: the key, until the transaction ends; a second request with it waits for the first.
create or replace function pgrelay_http.receive_v1(p_channel text, p_payload text, p_key text, p_sent_at timestamptz, p_tolerance interval,
  out event_id bigint, out verdict text)
language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_digest bytea := sha256(convert_to(p_payload, 'UTF8'));
  v_first pgrelay_http.receipt;
begin
  if p_sent_at not between v_now - p_tolerance and v_now + p_tolerance then
    verdict := 'late';
    return;
  end if;
  while p_key is not null loop
    insert into pgrelay_http.receipt (channel, key, digest) values (p_channel, p_key, v_digest) on conflict do nothing;
    exit when found;
    select r.* into v_first from pgrelay_http.receipt r where r.channel = p_channel and r.key = p_key;
    continue when not found;                                       -- forgotten just now: try again
    event_id := v_first.event_id;
    verdict := case when v_first.digest = v_digest then 'repeated' else 'reused' end;
    return;
  end loop;
  event_id := pgrelay.notify(p_channel, p_payload);
  verdict := 'accepted';
  update pgrelay_http.receipt r set event_id = receive_v1.event_id where r.channel = p_channel and r.key = p_key;
end $$;
