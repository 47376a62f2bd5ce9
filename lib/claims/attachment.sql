-- Attachments, see attachment.c.

-- name: take-attachment-id
select nextval (pg_get_serial_sequence ('persistent_attachments', 'id')) as id

-- name: add-attachment
insert into persistent_attachments (id, saved_claim_id, position, name_ciphertext, chunk_count, encrypted_kms_key, document_type_id)
overriding system value values ($1, $2, $3::bigint, $4, $5::bigint, $6, nullif ($7::bigint, 0))

-- name: add-attachment-chunk
insert into attachment_chunks (attachment_id, chunk_no, sealed) values ($1, $2::bigint, $3)

-- name: list-attachments
-- What is sealed is a little longer than what it holds.
select id, position, name_ciphertext, encrypted_kms_key,
  coalesce (chunk_count::bigint * $2::bigint, octet_length (content_ciphertext)) as bytes_at_most from persistent_attachments
where saved_claim_id = $1 order by position

-- name: load-attachment
select coalesce (chunk_count, 0) as chunk_count, content_ciphertext, encrypted_kms_key from persistent_attachments where id = $1

-- name: load-attachment-chunk
select sealed from attachment_chunks where attachment_id = $1 and chunk_no = $2
