-- Notes an event that a transactional handler sends, in the handler's transaction.
insert into faults.event (id, channel, kind, expected, parent) values ($1, 'faults.child', 'transactional', 'done', $2)
