-- An adoption's statements, see resolve.c.

-- name: newest-insert
select ordinal, token, state, note from step_journal where scope = $1::bigint::text and step = $2
order by ordinal desc limit 1 for update

-- name: begin-insert
insert into step_journal (scope, step, ordinal, token, state)
values ($1::bigint::text, $2, $3::bigint, nextval ('tokens'), 'started') returning token
