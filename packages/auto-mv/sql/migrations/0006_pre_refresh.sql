-- The node that the oids of a registration and its snapshot belong to (see pgrelay.node): after a restore into another
-- cluster they are plain data that mean something else there.
alter table pgauto_mv.mv add column node_id smallint not null default pgrelay.this_node();

-- When VACUUM or ANALYZE of the view was begun last; the state of the functions without a search_path of their own (see
-- unpinned_digest) when a refresh failed for that (PM062).
alter table pgauto_mv.state add column upkeep_at timestamptz, add column failed_functions text;

-- Why the view is due at due_at.
alter table pgauto_mv.observation add column due_source text;

-- upkeep: VACUUM or ANALYZE of a view, by which operation says, with what made it due as the reason.
alter table pgauto_mv.log drop constraint log_kind_check;
alter table pgauto_mv.log add constraint log_kind_check check (kind in ('firing', 'attempt', 'skip', 'repair', 'upkeep'));
