Queries of the settle desk, see settle.c.

-- name: hold-tokens
-- Settling is conditional on every run row of the delivery; they stay as they are until the commit. The caller compares
-- the tokens.
select scope, token from runs where scope = any ($1::text[]) order by scope for share

-- name: inbox-find
-- Which of these keys are there? A sub-select by key, not a join, for the reason that take.sql gives.
select message_id, hop, replay
from unnest ($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[]) as given (message_id, hop, replay, scope, verdict)
where (select true from inbox where inbox.consumer = $1 and inbox.message_id = given.message_id
         and inbox.hop = given.hop::integer and inbox.replay = given.replay::integer)

-- name: inbox-add
-- In the order of the key, so that two processes do not wait for each other. A row that is there already fails the transaction,
-- which is then done again with a look before it. Without ON CONFLICT a row costs 0.6 of it (measured), nothing has to come back,
-- so that it travels with all the rest, and a table that a foreign rule or view stands before can be written.
insert into inbox (consumer, message_id, hop, replay, scope, verdict)
select $1, message_id, hop, replay, scope, verdict
from unnest ($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[]) as given (message_id, hop, replay, scope, verdict)
order by message_id, hop, replay
