-- Deletes a track of the writer's own, which nobody ever bought or put on a list.
create or replace function soak.delete_track(p_track_id integer) returns void
language sql
as $$
  delete from public.track t where t.track_id = p_track_id
$$;
