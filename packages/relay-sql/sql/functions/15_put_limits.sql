-- Gives a channel limits, or changes those it has: what is NULL here is no limit any more. Raises PR004 for settings that cannot work. For
-- set_limits and declare_limits_v1, which have their meaning. Events of handlers that run already hold their permits from now on.
create or replace function pgrelay.put_limits(
  p_channel_id integer, p_concurrency integer, p_key_concurrency integer, p_fifo boolean, p_fair boolean, p_rate integer, p_rate_period interval, p_declared boolean
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_fifo boolean := coalesce(p_fifo, false);
  v_of_key integer := case when p_fifo then 1 else p_key_concurrency end;
begin
  if p_concurrency not between 1 and 1000000 or p_key_concurrency not between 1 and 1000000 or p_rate not between 1 and 1000000 then
    raise exception using errcode = 'PR004',
      message = format('p_concurrency %s, p_key_concurrency %s or p_rate %s is not between 1 and 1000000', p_concurrency, p_key_concurrency, p_rate),
      hint = 'They count events; to stop a channel, pause it.';
  elsif v_fifo and p_key_concurrency > 1 then
    raise exception using errcode = 'PR004', message = format('p_key_concurrency is %s and p_fifo is true', p_key_concurrency),
      hint = 'In order, one event of a key runs at a time: leave p_key_concurrency out.';
  elsif num_nonnulls(p_rate, p_rate_period) = 1 then
    raise exception using errcode = 'PR004', message = 'p_rate or p_rate_period is given without the other', hint = 'A rate is so many starts in a period.';
  elsif not p_rate_period between interval '100 milliseconds' and interval '31 days' then
    raise exception using errcode = 'PR004', message = format('p_rate_period %s is not between 100 milliseconds and 31 days', p_rate_period),
      hint = 'Give an interval such as ''1 minute''.';
  elsif num_nonnulls(p_concurrency, p_key_concurrency, p_rate) = 0 and not v_fifo and not coalesce(p_fair, false) then
    raise exception using errcode = 'PR004', message = 'no limit is given', hint = 'pgrelay.unset_limits() takes the limits of a channel away.';
  end if;
  insert into pgrelay.channel_limit as l (channel_id, concurrency, key_concurrency, fifo, fair, rate, rate_period, declared)
    values (p_channel_id, p_concurrency, v_of_key, v_fifo, coalesce(p_fair, false), p_rate, p_rate_period, p_declared)
    on conflict (channel_id) do update set concurrency = excluded.concurrency, key_concurrency = excluded.key_concurrency, fifo = excluded.fifo,
      fair = excluded.fair, rate = excluded.rate, rate_period = excluded.rate_period, declared = excluded.declared
      where (l.concurrency, l.key_concurrency, l.fifo, l.fair, l.rate, l.rate_period, l.declared)
        is distinct from (excluded.concurrency, excluded.key_concurrency, excluded.fifo, excluded.fair, excluded.rate, excluded.rate_period, excluded.declared);
  -- Not by ON CONFLICT, which would wait for a batch that is just writing the row. The row above keeps others away meanwhile.
  insert into pgrelay.limit_state (channel_id) select p_channel_id where not exists (select from pgrelay.limit_state s where s.channel_id = p_channel_id);
  insert into pgrelay.limit_turn (channel_id, turn)
    select c.id, n from pgrelay.channel c, generate_series(1, least(p_concurrency, 1000)) n where c.id = p_channel_id on conflict do nothing;
  update pgrelay.channel c set limited = true where c.id = p_channel_id and not c.limited;
  if found then
    update pgrelay.queue q set permit = nextval('pgrelay.permit_seq') where q.ctid = any (array(
      select x.ctid from pgrelay.queue x where x.channel_id = p_channel_id and x.slot is not null and x.permit is null for update skip locked));
  end if;
  perform pgrelay.hint('');
end $$;
