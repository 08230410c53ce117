-- Whether an event of this key of a debounced channel was let go and has not ended: it is ready, runs, or waits for its next attempt.
create or replace function pgrelay.runs_debounced(p_channel_id integer, p_key text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
  select exists (select from pgrelay.debounce_key k where k.channel_id = p_channel_id and k.key = p_key and k.running is not null
    and (exists (select from pgrelay.queue q where q.id = k.running)
      or exists (select from pgrelay.delayed d where d.id = k.running and d.first_at is null)))
$$;
