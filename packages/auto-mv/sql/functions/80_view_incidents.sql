-- What verification has found wrong: contents that were not what the query gives, though no change was waiting. as_of: the snapshot of the
-- comparison. cause is a suspicion. repaired_at: when a refresh ended that was made from all that the comparison saw.
create or replace view pgauto_mv.incidents as
select i.id, i.view_name, i.found_at, i.as_of, i.contents_at, i.view_rows, i.rows_missing, i.rows_surplus, i.query_digest, i.cause,
  i.marked_at, i.repaired_at, i.repaired_how, i.mv_id
from pgauto_mv.incident i;
