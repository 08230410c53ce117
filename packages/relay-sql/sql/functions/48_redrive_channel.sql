-- Lets failed events of a channel run again, the oldest failure first, as redrive() does.
--   p_channel     NULL: those of every channel with one error, which p_sqlstate or p_code names
--   p_sqlstate    only those with this SQLSTATE, or of this class when it has two characters
--   p_code        only those with this code (the column code of pgrelay.failed)
--   p_limit       at most so many; NULL: all
--   p_per_second  spread over time at this rate; NULL: all of them now
-- Events that another session is redriving just now are skipped. PR001 when the channel is not registered.
-- Returns how many were redriven.
create or replace function pgrelay.redrive_channel(
  p_channel text, p_sqlstate text default null, p_code text default null, p_limit integer default null, p_per_second double precision default null
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids bigint[];
begin
  if p_limit < 1 or not (p_per_second > 0 and p_per_second <= 1000000) then
    raise exception using errcode = 'PR004', message = format('p_limit %s or p_per_second %s is out of range', p_limit, p_per_second),
      hint = 'p_limit is at least 1; p_per_second is above 0 and at most 1000000. NULL means no limit.';
  elsif p_channel is null and num_nonnulls(p_sqlstate, p_code) = 0 then
    raise exception using errcode = 'PR004', message = 'p_channel is NULL and neither p_sqlstate nor p_code is given',
      hint = 'Name the channel, or the error whose events are to run again in every channel.';
  elsif p_channel is not null and not exists (select from pgrelay.channel c where c.name = p_channel) then
    raise exception using errcode = 'PR001', message = format('channel %L is not registered', p_channel),
      hint = 'Events of a channel that was dropped can be redriven once a channel of that name is registered again.';
  end if;
  v_ids := array(
    select f.id from pgrelay.failed f
    where (f.channel = p_channel or (p_channel is null and exists (select from pgrelay.channel c where c.name = f.channel))) and (p_sqlstate is null or f.sqlstate = p_sqlstate or (length(p_sqlstate) = 2 and left(f.sqlstate, 2) = p_sqlstate))
      and (p_code is null or f.code = p_code)
    order by f.failed_at, f.id limit p_limit for update skip locked);
  return case when cardinality(v_ids) = 0 then 0
    else pgrelay.redrive_rows(p_channel, v_ids, make_interval(secs => 1 / p_per_second)) end;
end $$;
