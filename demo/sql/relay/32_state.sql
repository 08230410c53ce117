-- The control table of the published pattern, as auto-mv computes it; settled: nothing is left to do but the nightly sync_mv().
create or replace view demo.state as
select s.view_name, s.is_dirty, s.last_refreshed_at, s.last_dirtied_at,
  not s.is_dirty and not exists (select from demo.refreshes f where not f.done) and not exists (select from pgrelay.events e where e.channel <> 'pgauto_mv.sync') as settled
from pgauto_mv.materialized_view_state s;
