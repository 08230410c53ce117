-- The retry rules; channel NULL: of every channel. A handler's option retry is in its definition and not here.
create or replace view pgrelay.retry_rules as
  select r.id, c.name as channel, r.match, r.delays, r.initial, r.factor, r.max_delay, coalesce(r.retry_limit, cardinality(r.delays)) as retry_limit,
    r.jitter, r.retry_after
  from pgrelay.retry_rule r left join pgrelay.channel c on c.id = r.channel_id;
