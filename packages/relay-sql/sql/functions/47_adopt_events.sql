-- Makes the waiting events of another node those of this one, so that they run here: after a restore into a new cluster, or an
-- upgrade by pg_upgrade. Not where that node still works, or its events run twice. Returns how many were adopted; one that
-- somebody holds just now is left, so call it until it returns 0. PR004 for the node of this database itself.
-- Ready events keep their places, so pgrelay.rescan is drawn, after the write: low-water marks may be above them.
create or replace function pgrelay.adopt_events(p_node smallint) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_node smallint := pgrelay.this_node();
  v_adopted bigint;
begin
  if (p_node <> v_node) is not true then
    raise exception using errcode = 'PR004', message = format('node %s is this one', coalesce(p_node::text, 'NULL')),
      hint = 'The problem unknown_node of pgrelay.get_problems() names the node whose events wait.';
  end if;
  with ready as (
    update pgrelay.queue q set node = v_node
      where q.ctid = any (array(select x.ctid from pgrelay.queue x where x.node = p_node and x.slot is null for update skip locked))
      returning 1
  ), later as (
    update pgrelay.delayed d set node = v_node
      where d.ctid = any (array(select x.ctid from pgrelay.delayed x where x.node = p_node for update skip locked))
      returning 1
  )
  select (select count(*) from ready) + (select count(*) from later) into v_adopted;
  perform nextval('pgrelay.rescan');
  perform pgrelay.hint('');
  return v_adopted;
end $$;
