-- What roles have been given on what stays, stays.
drop function grant_part (text, text);
drop table privileges;
