-- explain_event: the event came from another cluster or database, with a restore or an upgrade, or (node 0, see mark_replicated) by
-- logical replication; here only this node's run.
create or replace function pgrelay.reason_unknown_node(p_event pgrelay.explained_event) returns table (reason text, evidence text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select 'unknown_node', format(case p_event.node when 0 then 'it came by logical replication from another node, and this is node %2$s'
      else 'it was sent on node %s, and this is node %s' end, p_event.node, n.id),
    format('select pgrelay.adopt_events(%s::smallint);  -- unless that node still works', p_event.node)
  from pgrelay.node n where n.is_this and p_event.stage in ('ready', 'delayed') and p_event.node <> n.id
$$;
