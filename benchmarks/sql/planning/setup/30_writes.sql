-- A row into each of the first tables, in one transaction.
create function bench.write_all(p_sources integer) returns void
language plpgsql
as $$
begin
  for v_no in 1 .. p_sources loop
    execute format('insert into bench.source_%s default values', v_no);
  end loop;
end $$;

-- A row into one of them.
create function bench.write_one(p_sources integer) returns void
language plpgsql
as $$
begin
  execute format('insert into bench.source_%s default values', 1 + floor(random() * p_sources)::integer);
end $$;
