-- Gives a channel a breaker, or changes the settings of the one it has; its state stays. Raises PR004 for settings that cannot
-- work. For set_breaker and declare_breakers_v1, which have the meaning of the settings.
create or replace function pgrelay.put_breaker(
  p_channel_id integer, p_failures integer, p_share double precision, p_period interval, p_least integer, p_pause interval, p_max_pause interval,
  p_declared boolean
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_pause interval := coalesce(p_pause, least(interval '30 seconds', p_max_pause));
  v_max interval := coalesce(p_max_pause, greatest(interval '10 minutes', p_pause));
begin
  if p_failures not between 1 and 1000000 or p_least not between 1 and 1000000 then
    raise exception using errcode = 'PR004', message = format('p_failures %s or p_least %s is not between 1 and 1000000', p_failures, p_least),
      hint = 'They count attempts.';
  elsif not (p_share > 0 and p_share <= 1) then
    raise exception using errcode = 'PR004', message = format('p_share %s is not above 0 and at most 1', p_share), hint = '0.5 is half of the attempts.';
  elsif p_share is null and num_nonnulls(p_period, p_least) > 0 then
    raise exception using errcode = 'PR004', message = 'p_period or p_least is given without p_share', hint = 'They belong to the share that may fail.';
  elsif not p_period between interval '1 second' and interval '1 day' then
    raise exception using errcode = 'PR004', message = format('p_period %s is not between 1 second and 1 day', p_period), hint = 'Give an interval such as ''1 minute''.';
  elsif not (v_pause > interval '0' and v_pause <= v_max and v_max <= interval '366 days') then
    raise exception using errcode = 'PR004', message = format('p_pause %s or p_max_pause %s is out of range', v_pause, v_max),
      hint = 'p_pause is above 0 and not above p_max_pause, which is at most 366 days.';
  end if;
  insert into pgrelay.breaker as b (channel_id, failures, share, period, least, pause, max_pause, declared)
    values (p_channel_id, coalesce(p_failures, case when p_share is null then 5 end), p_share, case when p_share is not null then coalesce(p_period, interval '1 minute') end,
      case when p_share is not null then coalesce(p_least, 10) end, v_pause, v_max, p_declared)
    on conflict (channel_id) do update set failures = excluded.failures, share = excluded.share, period = excluded.period, least = excluded.least,
      pause = excluded.pause, max_pause = excluded.max_pause, declared = excluded.declared
      where (b.failures, b.share, b.period, b.least, b.pause, b.max_pause, b.declared)
        is distinct from (excluded.failures, excluded.share, excluded.period, excluded.least, excluded.pause, excluded.max_pause, excluded.declared);
  update pgrelay.channel c set breaker = true where c.id = p_channel_id and not c.breaker;
end $$;
