Queries of establish.c.

-- name: reserved-increments
-- Sent for another child of the Veteran and not recorded.
select j.note from saved_claim_groups g
join step_journal j on j.scope = g.saved_claim_id::text and j.step = $3 and j.state in ('started', 'not there')
where g.veteran_id = $1::uuid and g.saved_claim_id <> $2
  and not exists (select from step_journal f where f.scope = j.scope and f.step = j.step and f.state = 'finished')
