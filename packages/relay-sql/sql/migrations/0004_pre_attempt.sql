-- Settlements name the attempt that they end: an earlier attempt of the same Processor must not end a later one.

-- It has one more parameter now; the function that comes next is a new one.
drop function if exists pgrelay.settle_v1(smallint, bigint, bigint[], text[], double precision[], double precision[], double precision[], jsonb[]);
