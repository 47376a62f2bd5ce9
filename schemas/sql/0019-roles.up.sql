-- Who may do what, as rows, and a function that gives it to a role. Roles are made by whoever runs the server, under names of
-- their own: who migrates seldom may. `pipelinectl migrate` gives each part to the roles that its settings name, after every
-- migration; by hand: select grant_part ('reader', 'some_role'). A migration that adds a relation adds its rows.
-- Master keys are in no table. select-unsealed: all columns but sealed ones and their wrapped keys.
-- admits: 10

create table privileges (
  part text not null,
  relation text not null,
  privilege text not null,
  columns text[],                            -- null: all
  primary key (part, relation, privilege),
  constraint part_is_known check (part in ('consumer', 'claim-api', 'reader', 'operator')),
  constraint privilege_is_known check (privilege in ('select', 'select-unsealed', 'insert', 'update', 'delete', 'usage'))
);

create function grant_part (part text, to_role text) returns void language plpgsql as $$
declare
  given record;
  words text;
  is_given boolean;
begin
  if not exists (select from pg_roles where rolname = to_role) then
    raise 'there is no role %: make it first', to_role using errcode = 'undefined_object';
  end if;
  if not exists (select from privileges p where p.part = grant_part.part) then
    raise 'there is no part %', grant_part.part using errcode = 'invalid_parameter_value';
  end if;
  for given in
    select c.oid::regclass as relation, c.relkind from pg_class c
    where c.relnamespace = current_schema ()::regnamespace and c.relname in (select p.relation from privileges p)
  loop
    execute format ('revoke all on %s %s from %I', case given.relkind when 'S' then 'sequence' else 'table' end,
                    given.relation, to_role);
  end loop;
  for given in
    select p.relation, p.privilege, c.oid, c.relkind,
      case when p.privilege = 'select-unsealed'
        then (select array_agg (a.attname::text) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                and a.attname !~ '_ciphertext$' and a.attname <> 'encrypted_kms_key')
        else p.columns end as columns
    from privileges p
    join pg_class c on c.relname = p.relation and c.relnamespace = current_schema ()::regnamespace
    where p.part = grant_part.part
  loop
    words := replace (given.privilege, '-unsealed', '');
    if given.columns is not null then
      words := words || ' (' || (select string_agg (quote_ident (one), ', ') from unnest (given.columns) one) || ')';
    end if;
    execute format ('grant %s on %s %s to %I', words, case given.relkind when 'S' then 'sequence' else 'table' end,
                    given.oid::regclass, to_role);
    -- Who may not grant is only warned.
    is_given := case when given.relkind = 'S' then has_sequence_privilege (to_role, given.oid, words)
                     when given.columns is not null then has_any_column_privilege (to_role, given.oid, split_part (words, ' ', 1))
                     else has_table_privilege (to_role, given.oid, words) end;
    if not is_given then
      raise '% may not grant % on %: it is for the owner', current_user, words, given.relation using errcode = 'insufficient_privilege';
    end if;
  end loop;
  if not has_schema_privilege (to_role, current_schema (), 'usage') then
    execute format ('grant usage on schema %I to %I', current_schema (), to_role);
  end if;
end $$;
revoke execute on function grant_part (text, text) from public;

insert into privileges (part, relation, privilege)
select given.part, relation, privilege
from (values
  -- A consumer takes its turn as relay, purger and watcher, so it touches what all programs have.
  ('consumer', 'select', 'schema_migrations saved_claims saved_claim_groups bgs_submissions bgs_submission_attempts holds
    claim_notifications persistent_attachments attachment_chunks idempotency_keys instances leases runs inbox outbox deliveries
    delivery_records step_journal veteran_locks breakers breaker_failures shared_secrets record_places watched_places
    lighthouse_submissions lighthouse_submission_attempts tier_waits dead_ends consumer_pauses'),
  ('consumer', 'insert', 'bgs_submissions bgs_submission_attempts holds claim_notifications instances leases runs inbox outbox
    deliveries delivery_records step_journal veteran_locks breakers breaker_failures shared_secrets record_places
    lighthouse_submissions lighthouse_submission_attempts tier_waits dead_ends'),
  ('consumer', 'update', 'saved_claim_groups bgs_submissions bgs_submission_attempts holds claim_notifications instances leases runs
    outbox deliveries delivery_records step_journal veteran_locks breakers breaker_failures record_places lighthouse_submissions
    lighthouse_submission_attempts tier_waits dead_ends'),
  ('consumer', 'delete', 'idempotency_keys instances leases runs inbox outbox deliveries delivery_records veteran_locks
    breaker_failures record_places tier_waits dead_ends'),
  ('consumer', 'usage', 'tokens'),
  -- The door writes claims and asks how far they are; it opens no sealed column and knows no journal. It takes no lease.
  ('claim-api', 'select', 'schema_migrations veterans bgs_submissions bgs_submission_attempts holds claim_notifications
    idempotency_keys instances outbox record_places dead_ends shared_secrets consumer_pauses'),
  ('claim-api', 'select-unsealed', 'saved_claims saved_claim_groups lighthouse_submissions'),
  ('claim-api', 'insert', 'veterans saved_claims saved_claim_groups holds idempotency_keys claim_notifications
    persistent_attachments attachment_chunks instances outbox record_places shared_secrets'),
  ('claim-api', 'update', 'veterans saved_claim_groups holds claim_notifications instances outbox record_places'),
  ('claim-api', 'delete', 'idempotency_keys outbox'),
  ('claim-api', 'usage', 'group_row_ids claim_ids persistent_attachments_id_seq'),
  -- Whoever looks.
  ('reader', 'select-unsealed', 'schema_migrations saved_claims saved_claim_groups bgs_submissions bgs_submission_attempts holds
    claim_notifications instances leases runs inbox outbox deliveries delivery_records step_journal veteran_locks breakers
    breaker_failures record_places watched_places lighthouse_submissions lighthouse_submission_attempts tier_waits waiting_in_tiers
    operator_actions dead_ends replays replay_records consumer_pauses'),
  -- Whoever acts: what is sealed is read for --reveal. What has been written down of operators stays.
  ('operator', 'select', 'schema_migrations saved_claims saved_claim_groups bgs_submissions bgs_submission_attempts holds
    claim_notifications persistent_attachments attachment_chunks instances leases runs inbox outbox deliveries delivery_records
    step_journal veteran_locks breakers breaker_failures shared_secrets record_places watched_places lighthouse_submissions
    lighthouse_submission_attempts tier_waits waiting_in_tiers operator_actions dead_ends replays replay_records consumer_pauses'),
  ('operator', 'insert', 'bgs_submissions bgs_submission_attempts holds claim_notifications instances outbox step_journal
    shared_secrets record_places dead_ends operator_actions replays replay_records consumer_pauses'),
  ('operator', 'update', 'saved_claim_groups bgs_submissions bgs_submission_attempts holds claim_notifications instances runs outbox
    step_journal veteran_locks breakers record_places dead_ends lighthouse_submissions replays'),
  ('operator', 'delete', 'outbox veteran_locks breaker_failures shared_secrets consumer_pauses'),
  ('operator', 'usage', 'tokens')) as given (part, privilege, relations)
cross join lateral regexp_split_to_table (given.relations, '\s+') as relation;

insert into privileges (part, relation, privilege, columns) values
  ('claim-api', 'dead_ends', 'update', array['partition', 'record_offset']),   -- by the delivery report of what it publishes
  ('operator', 'saved_claims', 'update', array['encrypted_kms_key']),          -- pipelinectl keys rewrap
  ('operator', 'persistent_attachments', 'update', array['encrypted_kms_key']);
