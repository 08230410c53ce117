-- The published control table; settled: nothing is left to do.
create or replace view demo.state as
select s.view_name, s.is_dirty, s.last_refreshed_at, s.last_dirtied_at,
  not s.is_dirty and not exists (select from demo.refresh_run r where r.finished_at is null) as settled
from public.materialized_view_state s;
