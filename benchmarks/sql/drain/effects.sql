-- What actions write, and the ledger counts.
create schema bench;
create table bench.effect (n bigint not null)
