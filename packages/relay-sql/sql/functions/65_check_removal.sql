-- Refuses (PR004) to remove events when nothing says which, or the batch is no size, and (PR001) a channel that nobody knows.
create or replace function pgrelay.check_removal(p_event_id bigint, p_channel text, p_key text, p_older_than interval, p_batch integer) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if num_nonnulls(p_event_id, p_channel, p_key, p_older_than) = 0 then
    raise exception using errcode = 'PR004', message = 'nothing says which events are to be removed',
      hint = 'Give a channel, a dedup key, an age, or several of them: all must hold.';
  elsif (p_batch between 1 and 100000) is not true or p_older_than < interval '0' then
    raise exception using errcode = 'PR004', message = format('p_batch %s or p_older_than %s is out of range', p_batch, p_older_than),
      hint = 'A batch has 1 to 100000 events; an age is not below 0.';
  elsif p_channel is not null and not exists (select from pgrelay.channel c where c.name = p_channel)
      and not exists (select from pgrelay.failed f where f.channel = p_channel) then
    raise exception using errcode = 'PR001', message = format('channel %L is not registered', p_channel),
      hint = 'The view pgrelay.channels lists what is registered.';
  end if;
end $$;
