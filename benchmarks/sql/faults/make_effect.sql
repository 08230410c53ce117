-- The effect of a transactional handler, in its transaction.
insert into faults.effect (event_id, attempt, how) values ($1, $2, 'tx')
