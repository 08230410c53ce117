-- The change log has no key. Without an identity for replication, a publication of every table would make PostgreSQL refuse the
-- deletion of what has been served.
alter table pgauto_mv.change replica identity full;
