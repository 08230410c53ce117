-- What a Processor says about itself beside its heartbeat: since when its event loop has been blocked, and whether hints reach it.
alter table pgrelay.instance add column blocked_since timestamptz, add column hint_heard boolean;

-- It has one more parameter now; the function that comes next is a new one.
drop function if exists pgrelay.heartbeat_v1(smallint, bigint);
