-- the planner its statistics,
analyze
