Queries of the connection itself, see connection.c.

-- name: waits-for-standby
-- A commit that the server has written down here, and that is to be elsewhere too before it is acknowledged.
select from pg_stat_activity where pid = $1 and wait_event = 'SyncRep'
