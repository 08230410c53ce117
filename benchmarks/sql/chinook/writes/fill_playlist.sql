-- Puts up to p_tracks tracks on a list.
create or replace function soak.fill_playlist(p_playlist_id integer, p_tracks integer) returns void
language sql
as $$
  insert into public.playlist_track (playlist_id, track_id)
    select p_playlist_id, 1 + floor(random() * 3500)::integer from generate_series(1, p_tracks) on conflict do nothing
$$;
