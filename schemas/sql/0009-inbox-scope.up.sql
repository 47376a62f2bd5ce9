-- Whose settlement an inbox row says was done. A record that bears another message's id, as anybody's may, took that message's
-- row, and the message counted as handled. No part of the key: the scope is known once a record is decoded, and doubles are
-- looked for before. '': of no scope, or written by a program that does not know this column; good for any, as before. Older
-- programs see none of it.
-- admits: 6

alter table inbox add column scope text not null default '';
