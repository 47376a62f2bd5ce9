-- See db_primary_acknowledges ().

-- name: wait-for-standbys
-- Whatever the server says of commits in general; remote_apply asks for more than on.
select set_config ('synchronous_commit',
                   case current_setting ('synchronous_commit') when 'remote_apply' then 'remote_apply' else 'on' end, true)

-- name: write-to-the-log
-- The smallest thing a commit has to wait for; nobody reads it. A standby and a read-only server are not asked to.
select case when pg_is_in_recovery () or current_setting ('transaction_read_only')::boolean then false
            else pg_logical_emit_message (true, 'dependents', '') is not null end as is_primary
