-- Effects that processes made outside the database.
insert into faults.effect (event_id, attempt, how) select * from unnest($1::bigint[], $2::integer[], $3::text[])
