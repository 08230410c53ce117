-- The findings about groups; see get_mv_problems. A problem of one member stands in a row of its own, too.
create or replace function pgauto_mv.group_problems() returns table (code text, object text, evidence text, remedy text)
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with member as materialized (
    select g.id as group_id, g.name as group_name, g.plain, g.max_duration, x.mv_id, x.view, x.place, pgauto_mv.relation_name(x.view) as name,
      s.failures, s.failed_code, s.failed_sqlstate, s.failed_at, coalesce(s.done_cost, s.done_duration) as cost, pgauto_mv.key_index(x.view) is null as bare
    from pgauto_mv.mv_group g cross join lateral pgauto_mv.group_members(g.id) x join pgauto_mv.state s on s.mv_id = x.mv_id
  ), whole as (
    select m.group_id, m.group_name, m.max_duration, count(*) as n, sum(m.cost) as cost, sum(pg_total_relation_size(m.view)) as bytes,
      string_agg(format('%s %s s', m.name, coalesce(round(extract(epoch from m.cost), 3)::text, '?')), ', ' order by m.cost desc nulls last) as costs,
      (array_agg(m.name order by m.cost desc nulls last))[1] as dearest
    from member m group by m.group_id, m.group_name, m.max_duration
  )
  select 'group_too_expensive', 'group ' || w.group_name,
    format('one transaction, and one snapshot, was held for the %s s that its members took together, longer than its max_duration of %s; %s; they are %s',
      round(extract(epoch from w.cost), 3), w.max_duration, w.costs, pg_size_pretty(w.bytes)),
    format('select pgauto_mv.alter_group(%L, p_max_duration => %L); -- or take the dearest out, which then shows an instant of its own: %s', w.group_name,
      least(make_interval(secs => ceil(extract(epoch from w.cost) * 2)), interval '1 day'),
      case when w.n > 2 then format('select pgauto_mv.alter_group(%L, p_views => %L::regclass[]);', w.group_name,
          (select array_agg(m.name order by m.place) from member m where m.group_id = w.group_id and m.name <> w.dearest)::text)
        else format('select pgauto_mv.drop_group(%L);', w.group_name) end)
  from whole w where w.cost > w.max_duration
  union all
  select 'group_failing', 'group ' || m.group_name,
    format('none of its members is refreshed: %s failed %s times in a row, last at %s with %s', m.name, m.failures, m.failed_at,
      coalesce(m.failed_code || ', ', '') || coalesce(m.failed_sqlstate, 'a lost connection')),
    case when w.n > 2 then format('select pgauto_mv.alter_group(%L, p_views => %L::regclass[]);', m.group_name,
        (select array_agg(o.name order by o.place) from member o where o.group_id = m.group_id and o.mv_id <> m.mv_id)::text)
      else format('select pgauto_mv.drop_group(%L);', m.group_name) end
      || format(' -- lets the others go on without it; or mend what it fails for: see the row of %s', m.name)
  from member m join whole w on w.group_id = m.group_id where m.failures > 0
  union all
  select 'group_held', 'group ' || g.name, format('none of its members is refreshed while %s is %s', format('%I.%I', m.schema_name, m.view_name), h.reason),
    case h.reason when 'paused' then format('select pgauto_mv.resume_mv(%L, %L);', m.view_name, m.schema_name)
      when 'gated' then (select string_agg(distinct format('select pgauto_mv.ungate_source(%L);', pgauto_mv.relation_name(t.source)), ' ')
        from pgauto_mv.gate t join pgauto_mv.watch w on w.relation = t.relation join pgauto_mv.view_watch d on d.watch_id = w.id where d.mv_id = m.id)
      else format('select * from pgauto_mv.clean_mv(); -- see the row of %s', format('%I.%I', m.schema_name, m.view_name)) end
  from pgauto_mv.mv_group g cross join lateral pgauto_mv.group_held(g.id) h join pgauto_mv.mv m on m.id = h.mv_id
  union all
  select 'group_plain', 'group ' || m.group_name, format('all its members are refreshed plainly, so that readers wait, since these have no unique index: %s', string_agg(m.name, ', ' order by m.place)),
    format('select pgauto_mv.alter_group(%L, p_plain => true); -- if readers may wait; or mend the index: see the row of %s', m.group_name, min(m.name))
  from member m where m.bare and not m.plain and exists (select from member o where o.group_id = m.group_id and not o.bare)
  group by m.group_id, m.group_name
  union all
  select 'group_too_small', 'group ' || g.name, format('it has %s', case count(m.mv_id) when 0 then 'no view' else 'one view only, ' || min(m.name) end),
    format('select pgauto_mv.drop_group(%L); -- or give it others with alter_group()', g.name)
  from pgauto_mv.mv_group g left join member m on m.group_id = g.id group by g.id, g.name having count(m.mv_id) < 2
  union all
  select 'group_reads_outside', 'group ' || m.group_name,
    format('%s reads %s, which is no member: what it shows of that is as old as the last refresh of it', m.name, string_agg(distinct pgauto_mv.relation_name(u.view), ', ')),
    format('select pgauto_mv.alter_group(%L, p_views => %L::regclass[]); -- the members, and that', m.group_name,
      ((select array_agg(o.name order by o.place) from member o where o.group_id = m.group_id) || array_agg(distinct pgauto_mv.relation_name(u.view)))::text)
  from member m cross join lateral pgauto_mv.read_by(m.view) b join pgauto_mv.mv u on u.view = b.relation and u.group_id is distinct from m.group_id
  where b.kind = 'm' group by m.group_id, m.group_name, m.mv_id, m.name
$$;
