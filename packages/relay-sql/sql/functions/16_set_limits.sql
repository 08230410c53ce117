-- Limits a channel, over the whole cluster; one call says all its limits, and the next replaces them. What may not start yet waits, ready,
-- with no attempt counted.
--   p_concurrency      so many events run at once; of a SQL channel that is parallel: batches, each of which runs its events one by one
--   p_key_concurrency  of each key (notify's p_key) so many run at once
--   p_fifo             the events of a key run one after the other, in the order of their ids: one that is to be retried, or was
--                      snoozed when it ran, holds up the later ones of its key until it has ended, well or not
--   p_fair             the keys take turns, however many events one of them has
--   p_rate             so many events start …
--   p_rate_period      … in any period of this length
-- Limits by key say nothing of events without a key. With one of them, priorities order the events without a key only. Of a SQL channel, a
-- batch then has at most one event of each key, and with a rate its batches run one at a time. An event starts when it is
-- claimed. It holds for all Processors and for run(). PR001 for an unknown channel, PR004 for a value that cannot work.
create or replace function pgrelay.set_limits(
  p_channel text,
  p_concurrency integer default null,
  p_key_concurrency integer default null,
  p_fifo boolean default false,
  p_fair boolean default false,
  p_rate integer default null,
  p_rate_period interval default null
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if p_channel is null then
    raise exception using errcode = 'PR004', message = 'p_channel is NULL', hint = 'Limits belong to one channel.';
  end if;
  perform pgrelay.put_limits(pgrelay.rule_channel(p_channel), p_concurrency, p_key_concurrency, p_fifo, p_fair, p_rate, p_rate_period, false);
end $$;
