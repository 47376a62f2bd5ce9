alter table offered_records drop column is_of_papers;
