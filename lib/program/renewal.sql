Whose turn it is to be renewed, see renewal.c.

-- name: give-turn
delete from leases where name = $1
