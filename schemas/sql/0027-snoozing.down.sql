alter table instances drop column snoozing;
