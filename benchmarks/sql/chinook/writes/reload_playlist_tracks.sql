-- TRUNCATE and a reload that leaves every seventh track out: another seventh each time.
create or replace function soak.reload_playlist_tracks(p_seventh integer) returns void
language plpgsql
as $$
begin
  create temporary table kept on commit drop as table public.playlist_track;
  truncate public.playlist_track;
  insert into public.playlist_track select * from kept where track_id % 7 <> p_seventh % 7;
end $$;
