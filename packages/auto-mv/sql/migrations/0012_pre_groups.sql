-- Groups: views that are refreshed together, in one transaction, so that their contents show the same instant.
create table pgauto_mv.mv_group (
  id bigint generated always as identity primary key,
  name text not null unique check (name <> '' and octet_length(name) <= 195),
  plain boolean not null default false,                  -- never CONCURRENTLY, though each member allows it
  max_duration interval not null default interval '60 s' check (max_duration > interval '0'),   -- longer is too expensive: a problem row
  created_by name not null default session_user,
  created_at timestamptz not null default pgrelay.clock_now()
);

alter table pgauto_mv.mv add column group_id bigint references pgauto_mv.mv_group;   -- a view is in one group at most
create index mv_of_group on pgauto_mv.mv (group_id) where group_id is not null;

-- as_of: all that was committed before it is in the contents, also by way of the materialized views they were read from.
-- done_cost: what the view's own REFRESH took in the last refresh of its group.
alter table pgauto_mv.state add column as_of timestamptz, add column done_cost interval;

alter table pgauto_mv.log add column group_name text;    -- of an attempt that is done: the group it was part of
