-- Deletes a track that nobody bought or put on a list.
create or replace function soak.delete_track(p_track_id integer) returns void
language sql
as $$
  delete from public.track t where t.track_id = p_track_id
    and not exists (select from public.invoice_line l where l.track_id = t.track_id)
    and not exists (select from public.playlist_track l where l.track_id = t.track_id)
$$;
