-- Ends what an action began, inside its frame and so as the role of the action, before anything of ours runs on: deferred
-- constraints and triggers fire here, where a failure has a culprit, and a transaction made read-only is refused, since its
-- events could not be taken out of the queue.
-- Before version 18 a deferred trigger that is still pending at COMMIT runs as the login of the Processor, with all its
-- rights. One is pending only if a trigger has put the constraints back to deferred and written a row while it fired. Where
-- such triggers exist, a second round in a subtransaction shows that: it may write nothing, which is seen by the transaction
-- ids that this session holds (each subtransaction that writes has one). What writes is refused, PR006.
-- Runs as the caller, every name qualified: the search_path is the action's.
create or replace function pgrelay.seal_action() returns void
language plpgsql volatile
as $$
declare
  v_held pg_catalog.int8;
begin
  set constraints all immediate;
  if pg_catalog.current_setting('transaction_read_only') operator(pg_catalog.=) 'on' then
    raise exception using errcode = 'PR006', message = 'the action has made the transaction read-only',
      hint = 'Take SET TRANSACTION READ ONLY out of it: the end of its event is written in the same transaction.';
  end if;
  if pg_catalog.current_setting('server_version_num')::pg_catalog.int4 operator(pg_catalog.<) 180000
      and exists (select from pg_catalog.pg_trigger t where t.tgdeferrable and not t.tgisinternal) then
    v_held := pgrelay.held_transactions();
    begin
      set constraints all immediate;
      if pgrelay.held_transactions() operator(pg_catalog.>) v_held then
        raise exception using errcode = 'PR006', message = 'a deferred trigger of the action deferred itself again',
          hint = 'Take SET CONSTRAINTS out of the trigger function: nothing of an action may wait for COMMIT.';
      end if;
    exception when others then
      raise;                                       -- the clause makes the subtransaction; what fails in it fails the event
    end;
  end if;
  set constraints all deferred;
end $$;
