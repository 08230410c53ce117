-- Only after look.sql said that a demo made it and no demo uses it.
drop database if exists pgrelay_demo with (force)
