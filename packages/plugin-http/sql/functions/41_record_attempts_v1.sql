-- Writes attempts, in the order in which they ended, and what they say about their endpoints. What was written before is left
-- alone and not counted again, so that a call whose reply was lost can be sent again. Not fenced: a request that was sent is a fact, whoever sent it.
-- It does not wait for the disk: the end of the event, which is written after it, does, and that includes what was before.
--   p_failed     whether one of them did not end with 2xx
--   p_attempts   [{e: event, r: request, c: channel, a: attempt, ago: ms since it began, s: status, x: code, co: connect_ms, h: headers_ms, t: total_ms, o: octets sent, i: octets received}]
create or replace function pgrelay_http.record_attempts_v1(p_attempts jsonb, p_failed boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := pgrelay.clock_now();
  v_written bigint[];
  v_one record;
begin
  perform set_config('synchronous_commit', 'off', true);
  with written as (
    insert into pgrelay_http.attempts (event_id, request_id, channel, attempt, started_at, status, code, connect_ms, headers_ms, total_ms, request_bytes, response_bytes)
      select x.e, x.r, x.c, x.a, v_now - x.ago * interval '1 millisecond', x.s, x.x, x.co, x.h, x.t, x.o, x.i
      from jsonb_to_recordset(p_attempts) x(e bigint, r bigint, c text, a integer, ago float8, s smallint, x text, co float8, h float8, t float8, o bigint, i bigint)
      on conflict do nothing returning request_id
  )
  select array_agg(w.request_id) into v_written from written w;
  if not p_failed and not exists (select from pgrelay_http.health h where h.failing > 0) then
    return;
  end if;
  for v_one in
    select c.id, array_agg(x.j ->> 'x' order by x.place) as codes
    from jsonb_array_elements(p_attempts) with ordinality x(j, place) join pgrelay.channel c on c.name = x.j ->> 'c'
    join pgrelay_http.endpoint e on e.channel_id = c.id left join pgrelay_http.health h on h.channel_id = c.id
    where (x.j ->> 'r')::bigint = any (v_written)
    group by c.id having count(x.j ->> 'x') > 0 or coalesce(max(h.failing), 0) > 0 order by c.id
  loop
    perform pgrelay_http.note_health(v_one.id, v_one.codes);
  end loop;
end $$;
