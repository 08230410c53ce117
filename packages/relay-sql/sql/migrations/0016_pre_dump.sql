-- What survives a dump and a restore.

-- The digest of a private function is made of names now (see frame_digest): those that were made of oids are made anew.
update pgrelay.channel set frame = null where kind = 'sql';

-- Each partition of the log has indexes of its own. With indexes of the parent a restored dump of an extension could not make those
-- of the partitions: attaching one has made them.
drop index pgrelay.log_event;
drop index pgrelay.log_finished;
do $$
declare
  v_partition name;
begin
  for v_partition in
    select c.relname from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid where i.inhparent = 'pgrelay.log'::pg_catalog.regclass
  loop
    execute pg_catalog.format('create index %I on pgrelay.%I using brin (event_id)', v_partition || '_event', v_partition);
    execute pg_catalog.format('create index %I on pgrelay.%I using brin (finished_at)', v_partition || '_finished', v_partition);
  end loop;
end $$;
