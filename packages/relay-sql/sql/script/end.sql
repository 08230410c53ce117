select pgrelay.this_node(), pgrelay.maintain_v1();
reset role;
commit;
