-- Events that leased handlers sent. The event's own action may have noted it already.
insert into faults.event (id, channel, kind, expected, parent)
  select x.id, 'faults.child', 'transactional', 'done', x.parent from unnest($1::bigint[], $2::bigint[]) x(id, parent) on conflict do nothing
