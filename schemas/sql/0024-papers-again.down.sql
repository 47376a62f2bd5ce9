delete from privileges where part = 'operator' and relation = 'claims_evidence_api_submissions' and privilege = 'update';
