-- Registers the views view_<p_first> and on, each of three neighbours among p_sources tables from p_source on. After its
-- first refresh none is refreshed for a day, so what is written stays unserved.
create function bench.make_views(p_first integer, p_count integer, p_source integer, p_sources integer) returns void
language plpgsql
as $$
declare
  v_query text;
begin
  for v_no in p_first .. p_first + p_count - 1 loop
    select string_agg(format('select %s as source, count(*) as rows from bench.source_%s', k, p_source + (v_no + k) % p_sources), ' union all ')
      into v_query from generate_series(0, 2) k;
    execute format('create materialized view bench.view_%s as %s', v_no, v_query);
    execute format('create unique index on bench.view_%s (source)', v_no);
    perform pgauto_mv.register_mv(format('bench.view_%s', v_no)::regclass, p_cooldown => 86400);
  end loop;
end $$;
