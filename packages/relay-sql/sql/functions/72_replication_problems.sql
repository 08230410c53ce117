-- The findings of get_problems() about logical replication of what belongs to the relay or a module: of this node to others
-- (queue_published, state_published) and of others to this one (queue_subscribed, state_subscribed). One row a publication or subscription.
-- A publication of every table cannot leave any out: it becomes one of all the schemas that have tables now, but these.
create or replace function pgrelay.replication_problems() returns table (code text, object text, evidence text, remedy text)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  with ours as (
    select n.oid, n.nspname, quote_ident(n.nspname) as name from pg_namespace n where n.nspname in (select m.module from pgrelay.schema_module m)
  ), published as (
    select p.oid, p.pubname, p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot,
      to_jsonb(p) ->> 'pubgencols' as pubgencols,      -- since PostgreSQL 18
      p.puballtables or exists (select from ours o where o.nspname = 'pgrelay' and (
        exists (select from pg_publication_namespace s where s.pnpubid = p.oid and s.pnnspid = o.oid)
        or exists (select from pg_publication_rel r join pg_class c on c.oid = r.prrelid where r.prpubid = p.oid and c.relnamespace = o.oid))) as queue,
      (select string_agg(o.name, ', ' order by o.name) from pg_publication_namespace s join ours o on o.oid = s.pnnspid where s.pnpubid = p.oid) as schemas,
      (select string_agg(format('%s.%I', o.name, c.relname), ', ' order by o.name, c.relname)
        from pg_publication_rel r join pg_class c on c.oid = r.prrelid join ours o on o.oid = c.relnamespace where r.prpubid = p.oid) as tables
    from pg_publication p
  ), others as (
    select string_agg(quote_ident(n.nspname), ', ' order by n.nspname) as schemas from pg_namespace n
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and n.oid not in (select o.oid from ours o)
      and exists (select from pg_class c where c.relnamespace = n.oid and c.relkind in ('r', 'p') and c.relpersistence = 'p')
  ), subscribed as (
    select s.subname, bool_or(o.nspname = 'pgrelay') as queue, string_agg(format('%s.%I', o.name, c.relname), ', ' order by o.name, c.relname) as tables
    from pg_subscription_rel r join pg_subscription s on s.oid = r.srsubid join pg_class c on c.oid = r.srrelid join ours o on o.oid = c.relnamespace
    group by s.subname
  )
  select case when p.queue then 'queue_published' else 'state_published' end, 'publication ' || p.pubname,
    'it publishes ' || case when p.puballtables then 'every table' else
      concat_ws(', and ', 'the schemas ' || p.schemas, p.tables) end || ': what this node alone works with would come to others',
    case when p.puballtables then
      format('begin; drop publication %1$I; create publication %1$I%2$s with (publish = %3$L, publish_via_partition_root = %4$s%5$s); commit;', p.pubname,
        (select ' for tables in schema ' || t.schemas from others t where t.schemas is not null),
        concat_ws(', ', case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end, case when p.pubdelete then 'delete' end,
          case when p.pubtruncate then 'truncate' end), p.pubviaroot::text, case when p.pubgencols = 's' then ', publish_generated_columns = stored' end)
    else
      concat_ws(' ', format('alter publication %I drop tables in schema ', p.pubname) || p.schemas || ';', format('alter publication %I drop table ', p.pubname) || p.tables || ';')
    end || ' -- as its owner; then, on each subscriber: alter subscription … refresh publication;'
  from published p where p.puballtables or p.schemas is not null or p.tables is not null
  union all
  select case when s.queue then 'queue_subscribed' else 'state_subscribed' end, 'subscription ' || s.subname,
    format('it writes %s: what another node alone works with', s.tables),
    format('alter subscription %I refresh publication; -- when its publication has lost these tables', s.subname)
  from subscribed s
$$;
