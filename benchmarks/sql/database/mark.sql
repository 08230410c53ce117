-- The mark by which the next run knows it may drop it.
comment on database pgrelay_benchmark is 'made by the pgrelay benchmarks, which drop it and make it anew'
