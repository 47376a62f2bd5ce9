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
