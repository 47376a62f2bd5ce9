delete from privileges where relation = 'packages_of_papers';
drop view packages_of_papers;
