-- What belongs to the soak and not to Chinook.
create schema soak;
