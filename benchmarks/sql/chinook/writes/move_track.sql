-- Puts a track into another genre: its sales move from one row of the view to another.
create or replace function soak.move_track(p_track_id integer, p_genre_id integer) returns void
language sql
as $$
  update public.track t set genre_id = p_genre_id where t.track_id = p_track_id
$$;
