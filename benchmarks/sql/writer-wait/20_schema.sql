-- The relay's arm; the published pattern has its own in public.
create schema shop;
