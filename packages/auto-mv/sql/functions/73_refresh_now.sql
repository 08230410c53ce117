-- Asks for a refresh that minds neither refresh_lag nor cooldown nor a pause, and returns the id of its event. It begins
-- after the caller has committed, so it shows what the caller wrote; requests that one refresh serves are not repeated.
-- Errors: PM004 not registered; PM014 no Processor with auto-mv has ever served this database.
create or replace function pgauto_mv.refresh_now(p_mv_id bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return pgauto_mv.request_refresh(p_mv_id, 'now', pg_current_xact_id(), null);
exception when sqlstate 'PR001' or sqlstate 'PR002' then
  raise exception using errcode = 'PM014', message = format('the channel pgauto_mv.refresh takes no request: %s', sqlerrm),
    hint = 'Start a Processor with the plugin autoMv(); the first start registers the channel. Without one: CALL pgauto_mv.refresh_due(view).';
end $$;
