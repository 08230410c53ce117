-- So that none falls into the measuring.
checkpoint
