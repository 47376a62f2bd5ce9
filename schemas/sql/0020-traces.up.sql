-- The trace that who submitted a claim group brought (W3C traceparent), for those who tell of the group without a record of it: the
-- callbacks of e-mails, the follower of packages, an operator. Null: none was brought, or by a program that does not know it; the
-- trace is then made of the guid. Older programs see none of it.
-- admits: 6

alter table saved_claim_groups add column traceparent text;   -- the group's own row only
