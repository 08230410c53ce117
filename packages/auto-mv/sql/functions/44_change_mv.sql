-- What both forms of alter_mv() do. p_watches tells '{}', no watch at all, from NULL, as they are. Runs with the caller's
-- rights. The registry's lock comes before the view's row wherever both are needed, as in unregister_mv().
create or replace function pgauto_mv.change_mv(
  p_mv_id bigint, p_changes pgauto_mv.mv_settings, p_watches boolean, p_watch_tables pgauto_mv.mv_watch_spec[], p_reset text[], p_chain oid[]
) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  v_derive boolean := coalesce('watch_tables' = any (p_reset), false);
  v_chains boolean := p_chain is not null or coalesce('chain' = any (p_reset), false);
  v_relations oid[];
  v_operations text[];
  v_changed record;
begin
  if v_derive and p_watches then
    raise exception using errcode = 'PM041', message = 'p_watch_tables is given, and p_reset has it too',
      hint = 'Give the watches, or reset them to those of the query.';
  end if;
  if p_chain is not null and 'chain' = any (p_reset) then
    raise exception using errcode = 'PM041', message = 'p_chain is given, and p_reset has it too',
      hint = 'Give the views to come after, or reset it to none.';
  end if;
  if v_derive or p_watches or v_chains or p_changes.fire_on_replica is not null or 'fire_on_replica' = any (p_reset) then
    perform pgauto_mv.lock_registry();
  end if;
  select a.view, a.rewatch into v_changed from pgauto_mv.alter_settings(p_mv_id, p_changes, p_reset) a;
  if v_changed.rewatch then
    perform pgauto_mv.begin_rewatch(p_mv_id);
  end if;
  if v_chains then
    perform pgauto_mv.change_chain(p_mv_id, p_chain);
  end if;
  if not v_derive and not p_watches then
    if v_changed.rewatch then           -- the same watches, whose triggers are to see more
      select array_agg(w.relation), array_agg(w.operation) into v_relations, v_operations from pgauto_mv.present_watches(p_mv_id) w;
      perform pgauto_mv.link_watches(p_mv_id, v_relations, v_operations);
    end if;
    return;
  end if;
  if not exists (select from pg_class c where c.oid = v_changed.view) then
    raise exception using errcode = 'PM001', message = format('the registered view, once oid %s, does not exist any more', v_changed.view),
      hint = 'Unregister it; when it was made again, register it again.';
  end if;
  if v_derive then
    select array_agg(d.relation), array_agg(o) into v_relations, v_operations
      from pgauto_mv.derive_watches(v_changed.view) d cross join lateral unnest(d.operations) o;
  else
    select array_agg(w.relation), array_agg(w.operation) into v_relations, v_operations from pgauto_mv.check_watch_tables(p_watch_tables) w;
  end if;
  perform pgauto_mv.change_watches(p_mv_id, v_derive, v_relations, v_operations);
  if v_changed.rewatch then             -- also those that it had before
    perform pgauto_mv.link_watches(p_mv_id, v_relations, v_operations);
  end if;
  if v_derive then
    perform pgauto_mv.report_unwatched(p_mv_id, v_changed.view);
  end if;
end $$;
