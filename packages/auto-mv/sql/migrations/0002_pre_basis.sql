-- What the contents were computed from beside the rows: the definitions of the plain views and the triggers of the
-- watches, as the refresh's own snapshot saw them (see the function basis). NULL in a database that has this migration
-- new: nobody can tell what happened before, so the views are refreshed once.
alter table pgauto_mv.state add column basis text;
