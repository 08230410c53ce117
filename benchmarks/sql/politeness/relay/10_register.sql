-- Registers the view; a change is followed by a refresh at once.
create function polite.register() returns void
language plpgsql
as $$
begin
  perform pgauto_mv.register_mv('polite.totals'::regclass, p_cooldown => 0);
end $$;
