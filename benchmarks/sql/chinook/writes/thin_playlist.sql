-- Takes about half of the tracks off a list.
create or replace function soak.thin_playlist(p_playlist_id integer) returns void
language sql
as $$
  delete from public.playlist_track t where t.playlist_id = p_playlist_id and random() < 0.5
$$;
