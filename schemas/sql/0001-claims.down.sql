drop table persistent_attachments, claim_notifications, idempotency_keys, holds, bgs_submission_attempts, bgs_submissions,
  saved_claim_groups, saved_claims, veterans;
drop sequence group_row_ids, claim_ids;
