-- Whether a package is one of papers, of a group that is established, is told in one place: its location is a step of theirs. Two
-- queries had told it each by itself. Turned down: a column, for programs of before make packages, too, and would not write it.
-- admits: 10

create view packages_of_papers as
select s.id from lighthouse_submissions s join saved_claim_groups g on g.id = s.claim_group_id
where exists (select from step_journal j where j.scope = g.claim_group_guid || '/papers'
  and starts_with (j.step, 'create-location/' || s.package_no || '-'));

insert into privileges (part, relation, privilege) values
  ('consumer', 'packages_of_papers', 'select'), ('reader', 'packages_of_papers', 'select-unsealed'), ('operator', 'packages_of_papers', 'select');
