-- Several writable nodes. What logical replication brings into the queue is another node's, see mark_replicated(); its body comes
-- with the functions. For each row, before an insert and after an update: a row trigger BEFORE UPDATE would lock each row a second
-- time in every claim, though it never fires there.
create function pgrelay.mark_replicated() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as 'begin return new; end';
create trigger replicated before insert on pgrelay.queue for each row execute function pgrelay.mark_replicated();
create trigger replicated_again after update on pgrelay.queue for each row execute function pgrelay.mark_replicated();
create trigger replicated before insert on pgrelay.delayed for each row execute function pgrelay.mark_replicated();
create trigger replicated_again after update on pgrelay.delayed for each row execute function pgrelay.mark_replicated();
alter table pgrelay.queue enable replica trigger replicated, enable replica trigger replicated_again;
alter table pgrelay.delayed enable replica trigger replicated, enable replica trigger replicated_again;

-- Without a key, a publication of every table would make PostgreSQL refuse what deletes rows here.
alter table pgrelay.lane replica identity full;
do $$
declare
  v_table regclass;
begin
  for v_table in select t.relid from pg_partition_tree('pgrelay.log') t loop
    execute format('alter table %s replica identity full', v_table);
  end loop;
end $$;
