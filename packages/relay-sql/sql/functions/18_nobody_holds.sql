-- Whether no other transaction has a waiting event locked. Looks by locking it in a subtransaction that is undone at once.
create or replace function pgrelay.nobody_holds(p_id bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_free boolean;
begin
  begin
    perform from pgrelay.queue q where q.id = p_id for update skip locked;
    v_free := found;
    raise exception using errcode = 'UNDO1';
  exception when sqlstate 'UNDO1' then
    return v_free;
  end;
end $$;
