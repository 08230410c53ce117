-- and what filling left to do is done.
checkpoint
