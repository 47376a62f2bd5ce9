alter table saved_claim_groups drop column traceparent;
