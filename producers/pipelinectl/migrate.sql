Queries of pipelinectl migrate, see migrate.c.

-- name: migrate-alive
select string_agg (distinct program, ', ' order by program) as programs from instances
where ended_at is null and heartbeat_at > clock_timestamp () - interval '30 seconds'
