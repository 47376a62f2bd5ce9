Queries of pipelinectl topics grow, see grow.h.

-- name: intake-alive
select count(*) as count from instances
where program = 'claim-api' and ended_at is null and heartbeat_at > clock_timestamp () - interval '30 seconds'

-- name: outbox-of-topics
-- A refused row is tried again whenever its topic may take it, and holds up nothing.
select count(*) as count from outbox where topic = any ($1::text[]) and refused_at is null
