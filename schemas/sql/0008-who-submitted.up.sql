-- Who brought a claim group: the name of the token that it came in with. Not personal data, it names a caller of claim-api. Null:
-- stored before there was this column, by a program that does not know it. Older programs see none of it.
-- admits: 6

alter table saved_claim_groups add column submitted_by text;   -- the group's own row only
