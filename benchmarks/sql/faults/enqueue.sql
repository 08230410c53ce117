-- Enqueues events and notes them in the ledger, in one transaction: either both or neither is there afterwards.
insert into faults.event (id, channel, kind, expected, children)
  select pgrelay.notify(x.channel, json_build_object('do', x.does)::text,
      case when x.delay > 0 then clock_timestamp() + x.delay * interval '1 millisecond' end, x.priority), x.channel, x.kind, x.expected, x.children
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::integer[], $7::integer[])
    x(channel, does, kind, expected, children, delay, priority)
