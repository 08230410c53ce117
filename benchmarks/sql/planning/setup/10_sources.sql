-- Makes the tables source_<p_first> and on.
create schema bench;
create function bench.make_sources(p_first integer, p_count integer) returns void
language plpgsql
as $$
begin
  for v_no in p_first .. p_first + p_count - 1 loop
    execute format('create table bench.source_%s (id bigint generated always as identity primary key)', v_no);
  end loop;
end $$;
