-- Keeps the number for a migration of another branch, which takes this file's place when the branches are merged.
select;
