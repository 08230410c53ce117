-- How far attempts that run have come, as their handlers say. Beside the queue and not in it: what is said often must not make dead
-- rows where claims look. A row whose attempt has ended is removed with the next housekeeping.
create table pgrelay.progress (
  event_id bigint primary key,
  attempt integer not null,
  progress double precision not null,
  note text check (octet_length(note) <= 200),
  at timestamptz not null
) with (fillfactor = 50);
