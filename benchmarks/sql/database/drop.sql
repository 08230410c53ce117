-- Only after look.sql said that the benchmarks made it and nobody uses it.
drop database if exists pgrelay_benchmark with (force)
