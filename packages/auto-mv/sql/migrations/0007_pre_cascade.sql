-- Chains: what a refresh of one view means to those behind it.
-- watched: the link is one of the view's watches; chained: the caller put the view behind the other (p_chain). A link can be both.
alter table pgauto_mv.view_watch
  add column watched boolean not null default true,
  add column chained boolean not null default false,
  add constraint view_watch_has_a_reason check (watched or chained);

-- Of the change row that a refresh writes: the transaction at the root whose change it served, the lowest of them; when that
-- was made; and how long the refreshes on the way took. NULL in rows of tables, which are their own root.
alter table pgauto_mv.change add column root xid8, add column root_at timestamptz, add column root_duration interval;

alter table pgauto_mv.state add column done_root_lag interval, add column done_root_duration interval;
alter table pgauto_mv.log
  add column root_lag interval,          -- of an attempt that is done: since the oldest change at the root that it served was made
  add column root_duration interval;     -- what the refreshes from the root to here took together, by the slowest way

-- Their parameters are others now.
drop function if exists pgauto_mv.register_mv(text, text, pgauto_mv.mv_watch_spec[], numeric, numeric, numeric, interval, interval, text, text, interval, boolean, text);
drop function if exists pgauto_mv.register_mv(regclass, numeric, numeric, numeric, interval, interval, text, text, interval, boolean, text);
drop function if exists pgauto_mv.alter_mv(text, text, pgauto_mv.mv_watch_spec[], numeric, numeric, numeric, interval, interval, text, text, interval, boolean, text, text[]);
drop function if exists pgauto_mv.alter_mv(regclass, pgauto_mv.mv_watch_spec[], numeric, numeric, numeric, interval, interval, text, text, interval, boolean, text, text[]);
drop function if exists pgauto_mv.install_mv(oid, boolean, oid[], text[], pgauto_mv.mv_settings);
drop function if exists pgauto_mv.change_mv(bigint, pgauto_mv.mv_settings, boolean, pgauto_mv.mv_watch_spec[], text[]);
