-- What came in chunks is not readable for older programs, and goes.
drop table attachment_chunks;
delete from persistent_attachments where chunk_count is not null;
alter table persistent_attachments
  drop constraint chunk_count_is_positive,
  drop constraint content_is_here_or_in_chunks,
  drop column chunk_count,
  alter column content_ciphertext set not null;
