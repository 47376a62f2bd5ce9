Queries of the settle desk, see settle.c.

-- name: hold-tokens
-- Settling is conditional on every run row of the delivery; they stay as they are until the commit. The caller compares
-- the tokens.
select scope, token from runs where scope = any ($1::text[]) order by scope for share

-- name: inbox-insert
-- There already: somebody has settled it, and nothing of this settlement is written. Of two of one key the first has the row.
insert into inbox (consumer, message_id, hop, replay, scope, verdict)
select $1, message_id, hop, replay, scope, verdict
from unnest ($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])
  with ordinality as given (message_id, hop, replay, scope, verdict, n)
order by message_id, hop, replay, n
on conflict do nothing
returning message_id, hop, replay

-- name: inbox-add
-- The same where no double is expected: one that is there all the same fails the transaction, which is then done again with
-- the statement above. Without ON CONFLICT a row costs 0.6 of it (measured), and nothing has to come back, so that it travels
-- with all the rest.
insert into inbox (consumer, message_id, hop, replay, scope, verdict)
select $1, message_id, hop, replay, scope, verdict
from unnest ($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[]) as given (message_id, hop, replay, scope, verdict)
order by message_id, hop, replay
