-- Debounces a channel: its events with the same dedup key (without one: all of them) collapse into one, which runs p_lag after the last of
-- them, but no longer than p_max_wait after the first ('0', the default: no maximum), and never before p_cooldown ('0') after the last
-- one of the key has ended, which wins. It runs with the payload, the priority and the id of the newest; the others are cancelled with the
-- code debounced. Those that come while it waits to run, or runs, wait for the next. Times are those of the calls; one that becomes visible only
-- after its own time had come counts as of when it was seen.
-- It holds for all Processors and for run(). Changes what waits, too. PR001 for an unknown channel, PR004 for a time that is not between 0 and 366 days,
-- or p_lag and p_cooldown both 0. A p_max_wait shorter than p_cooldown has no effect: get_problems() says so.
create or replace function pgrelay.set_debounce(p_channel text, p_lag interval, p_max_wait interval default '0', p_cooldown interval default '0')
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if p_channel is null then
    raise exception using errcode = 'PR004', message = 'p_channel is NULL', hint = 'A debounce belongs to one channel.';
  end if;
  perform pgrelay.put_debounce(pgrelay.rule_channel(p_channel), p_lag, p_max_wait, p_cooldown, false);
end $$;
