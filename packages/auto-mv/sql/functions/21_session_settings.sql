-- The settings of the calling session that decide what a query gives from the same rows: noted with every refresh, and set
-- again when its contents are compared. No search_path of its own, since that is one of them.
create or replace function pgauto_mv.session_settings() returns jsonb
language sql stable
as $$
  select pg_catalog.jsonb_build_object('search_path', pg_catalog.current_setting('search_path'),
    'timezone', pg_catalog.current_setting('timezone'), 'timezone_abbreviations', pg_catalog.current_setting('timezone_abbreviations'),
    'datestyle', pg_catalog.current_setting('datestyle'), 'intervalstyle', pg_catalog.current_setting('intervalstyle'),
    'extra_float_digits', pg_catalog.current_setting('extra_float_digits'), 'bytea_output', pg_catalog.current_setting('bytea_output'),
    'lc_monetary', pg_catalog.current_setting('lc_monetary'), 'lc_numeric', pg_catalog.current_setting('lc_numeric'),
    'lc_time', pg_catalog.current_setting('lc_time'), 'default_text_search_config', pg_catalog.current_setting('default_text_search_config'),
    'xmlbinary', pg_catalog.current_setting('xmlbinary'), 'xmloption', pg_catalog.current_setting('xmloption'))
$$;
