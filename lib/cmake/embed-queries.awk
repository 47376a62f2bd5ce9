# Turns a file of named queries into string constants.
#   -- name: take-run          becomes   static const char SQL_TAKE_RUN[] = "…";
# Lines before the first name are comments for the reader. Comment lines are dropped.
function close_query () { if (open) print "  ;"; open = 0 }
BEGIN { print "/* Generated from the .sql file beside the sources; do not edit. */\n#pragma once" }
/^-- name: / {
  close_query()
  name = toupper ($3); gsub (/-/, "_", name)
  print "__attribute__ ((unused)) static const char SQL_" name "[] ="
  open = 1
  next
}
/^[ \t]*--/ { next }
open && NF {
  gsub (/\\/, "&&"); gsub (/"/, "\\\"")
  print "  \"" $0 "\\n\""
}
END { close_query() }
