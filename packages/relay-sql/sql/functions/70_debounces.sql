-- The debounced channels, and how.
create or replace view pgrelay.debounces as
  select c.name as channel, b.lag, b.max_wait, b.cooldown, b.declared from pgrelay.debounce b join pgrelay.channel c on c.id = b.channel_id;
