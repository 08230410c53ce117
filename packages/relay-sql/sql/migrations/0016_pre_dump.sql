-- What survives a dump and a restore.

-- The digest of a private function is made of names now (see frame_digest): those that were made of oids are made anew.
update pgrelay.channel set frame = null where kind = 'sql';

-- Each partition of the log has indexes of its own. With indexes of the parent a restored dump of an extension could not make those
-- of the partitions: attaching one has made them. Producers wait for this transaction, so only what is written to gets them here, which reads
-- a day at most; keep_log_v1 gives them to the days before, one a call.
drop index pgrelay.log_event;
drop index pgrelay.log_finished;
do $$
declare
  v_partition name;
begin
  for v_partition in
    select c.relname from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid where i.inhparent = 'pgrelay.log'::pg_catalog.regclass
      and (c.relname !~ '^log_\d{8}$' or pg_catalog.substr(c.relname, 5) >= pg_catalog.to_char(pg_catalog.now() at time zone 'UTC', 'YYYYMMDD'))
  loop
    execute pg_catalog.format('create index %I on pgrelay.%I using brin (event_id)', v_partition || '_event', v_partition);
    execute pg_catalog.format('create index %I on pgrelay.%I using brin (finished_at)', v_partition || '_finished', v_partition);
  end loop;
end $$;
