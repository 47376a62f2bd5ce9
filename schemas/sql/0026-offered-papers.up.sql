-- A plan's record may be that of a group's papers: the page sends those on their way, and not the group. Programs of before offer none.
-- admits: 10

alter table offered_records add column is_of_papers boolean not null default false;
