-- A new name for a genre: every row of the view that shows it changes.
create or replace function soak.rename_genre(p_genre_id integer) returns void
language sql
as $$
  update public.genre g set name = split_part(g.name, ' #', 1) || ' #' || floor(random() * 1e6)::integer where g.genre_id = p_genre_id
$$;
