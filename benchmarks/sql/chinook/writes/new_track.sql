-- Returns the track.
create or replace function soak.new_track(p_genre_id integer) returns integer
language sql
as $$
  insert into public.track (name, media_type_id, genre_id, milliseconds, unit_price) values ('Soak', 1, p_genre_id, 1000, 0.99) returning track_id
$$;
