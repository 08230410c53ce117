-- Returns the playlist.
create or replace function soak.new_playlist(p_writer integer) returns integer
language sql
as $$
  insert into public.playlist (name) values ('Soak ' || p_writer) returning playlist_id
$$;
