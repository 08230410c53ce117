-- The work of purge() and erase() on events that wait or failed: batches of remove_events(), stage by stage, with a commit after each. p_events is how
-- many went. Called outside a transaction block by procedures; the transaction in which it returns has the search_path pinned.
create or replace procedure pgrelay.remove_in_batches(
  p_stages text[], p_event_id bigint, p_channel text, p_key text, p_before timestamptz, p_code text, p_batch integer, inout p_events bigint
)
language plpgsql
as $$
declare
  v_stage pg_catalog.text;
  v_after pg_catalog.int8;
  v_removed pg_catalog.int8;
begin
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);      -- ends with each transaction
  p_events := 0;
  foreach v_stage in array p_stages loop
    v_after := 0;
    while v_after is not null loop
      select r.removed, r.next_after into v_removed, v_after
        from pgrelay.remove_events(v_stage, v_after, p_batch, p_event_id, p_channel, p_key, p_before, p_code) r;
      p_events := p_events + v_removed;
      commit;
      perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    end loop;
  end loop;
end $$;
