-- One statement of a writer on a table of soak.target. p_k and p_n are any numbers of 0 or more; they choose rows.
create function soak.change(p_what text, p_target text, p_k integer, p_n integer) returns void
language plpgsql
as $$
declare
  v_target soak.target;
  v_table text;
  v_k integer;
  v_other integer;
begin
  select t.* into strict v_target from soak.target t where t.name = p_target;
  v_table := 'soak.' || v_target.name;
  v_k := v_target.low + p_k % v_target.keys;
  v_other := v_target.low + (p_k + 3) % v_target.keys;
  case p_what
    when 'insert' then
      execute format('insert into %s (k, v) select $1, ($2 + 37 * i) %% 100 from generate_series(1, 1 + $2 %% 5) i', v_table) using v_k, p_n;
    when 'update' then
      execute format('update %s set v = (v + 1 + $2) %% 100 where k = $1', v_table) using v_k, p_n;
    when 'move' then
      execute format('update %s set k = $3 where k = $1 and id %% 5 = $2 %% 5', v_table) using v_k, p_n, v_other;
    when 'note' then
      execute format('update %s set note = $2::text where k = $1', v_table) using v_k, p_n;
    when 'nothing' then
      execute format('update %s set v = v + 1 where k = $1 and v < 0', v_table) using v_k;
    when 'delete' then
      execute format('delete from %s where k = $1 and id %% 3 = $2 %% 3', v_table) using v_k, p_n;
    when 'merge' then
      execute format('merge into %s t using (select s.id, s.v from %1$s s where s.k = $1 order by s.id limit 3) s on t.id = s.id
        when matched and s.v > 90 then delete when matched then update set v = t.v + 1
        when not matched then insert (k, v) values ($1, s.v)', v_table) using v_k;
    when 'truncate' then
      execute format('truncate %s', v_table);
      execute format('insert into %s (k, v) select $1 + i %% $2, 5 * i from generate_series(0, 19) i', v_table) using v_target.low, v_target.keys;
  end case;
end $$;

-- What is there before anybody writes.
create function soak.fill() returns void
language plpgsql
as $$
begin
  for v_n in 1 .. 100 loop
    perform soak.change('insert', t.name, v_n, v_n) from soak.target t;
  end loop;
end $$;
