-- pipelinectl release-packages' own statement.

-- name: release-packages
-- Asked for at once: the follower finds them released, however many have expired.
update lighthouse_submissions set ask_at = clock_timestamp (), updated_at = clock_timestamp ()
where stopped_at is not null and ask_at is null and intake_status = 'expired'
