select l.orders, l.lines, l.changes from bench.ledger l
