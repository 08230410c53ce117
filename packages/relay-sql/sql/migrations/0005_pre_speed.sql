-- The private functions of SQL actions hand their results over in another form, and the batch around them takes fewer columns.
-- What comes next are functions with other parameters; 98_rebuild_frames.sql makes the frames of registered channels anew.
drop function if exists pgrelay.hint();
drop function if exists pgrelay.take_batch(integer, text, integer, smallint[], bigint[], bigint);
drop function if exists pgrelay.end_batch(smallint, smallint, integer, text, tid[], pgrelay.action_result[]);
do $$
declare
  v_frame regprocedure;
begin
  for v_frame in
    select p.oid::regprocedure from pg_catalog.pg_proc p
    where p.pronamespace = 'pgrelay_action'::regnamespace and p.proname like 'run\_%' and p.pronargs = 5
  loop
    execute pg_catalog.format('drop function %s', v_frame);
  end loop;
end $$;

-- A dead Processor whose events are not all back yet: every look sees it, whoever buried it.
alter table pgrelay.instance add column buried boolean not null default false;
