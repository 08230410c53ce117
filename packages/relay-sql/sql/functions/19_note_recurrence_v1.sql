-- Notes that a channel's action or handler sends itself events for later. Writes the first time only.
create or replace function pgrelay.note_recurrence_v1(p_channel text) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  insert into pgrelay.recurrence (channel_id)
    select c.id from pgrelay.channel c where c.name = p_channel and not exists (select from pgrelay.recurrence r where r.channel_id = c.id)
    on conflict do nothing
$$;
