-- Attachments as bytes, sealed in chunks of 1 MiB, so that neither who writes nor who reads one holds it whole. Rows of before keep
-- their content in one piece, sealed as base64 text, and stay readable: either content_ciphertext or chunk_count is there. The
-- chunks are sealed with their row's data key, so a new master key touches the row alone. Older programs write rows of the old
-- kind and read none.
-- admits: 6

alter table persistent_attachments
  alter column content_ciphertext drop not null,
  add column chunk_count integer,              -- null: content_ciphertext has it all
  add constraint content_is_here_or_in_chunks check ((content_ciphertext is null) = (chunk_count is not null)),
  add constraint chunk_count_is_positive check (chunk_count > 0);

create table attachment_chunks (
  attachment_id bigint not null references persistent_attachments (id) on delete cascade,
  chunk_no integer not null,                   -- from 0; it and chunk_count are part of the associated data
  sealed bytea not null,
  primary key (attachment_id, chunk_no)
);
-- What is sealed does not get smaller by being compressed.
alter table attachment_chunks alter column sealed set storage external;
