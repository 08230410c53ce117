-- Whether some event has had this id: it is not above the newest.
create or replace function pgrelay.was_given_out(p_event_id bigint) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
as $$ select s.is_called and p_event_id between 1 and s.last_value from pgrelay.event_id_seq s $$;
