-- A person sends papers again that found no place (resolve --again): an operator may set them back.
-- admits: 10

insert into privileges (part, relation, privilege) values ('operator', 'claims_evidence_api_submissions', 'update');
