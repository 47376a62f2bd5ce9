# Turns schemas/sql/NNNN-name.up.sql and .down.sql, given in the order of their names, into one table. A number that
# is missing or twice, or a migration that goes only one way, fails the build.
function fail (text) { print FILENAME ": " text > "/dev/stderr"; failed = 1; exit 1 }
function close_text () { if (open) print "  ;"; open = 0 }
BEGIN { print "/* Generated from schemas/sql; do not edit. */\n#pragma once" }
FNR == 1 {
  close_text()
  file = FILENAME
  sub (/.*\//, "", file)
  if (file !~ /^[0-9][0-9][0-9][0-9]-[a-z0-9-]+\.(up|down)\.sql$/)
    fail("a migration is called 0007-what-it-does.up.sql or .down.sql")
  number = substr (file, 1, 4) + 0
  name = substr (file, 6)
  way = name
  sub (/\..*/, "", name)
  sub (/^[^.]*\./, "", way); sub (/\.sql$/, "", way)
  if ((number, way) in seen)
    fail("its number is taken")
  if (number in names && names[number] != name)
    fail("up and down have different names")
  seen[number, way] = 1
  names[number] = name
  if (number > newest)
    newest = number
  print "static const char MIGRATION_" number "_" toupper (way) "[] ="
  open = 1
}
{
  gsub (/\\/, "&&"); gsub (/"/, "\\\"")
  print "  \"" $0 "\\n\""
}
END {
  if (failed)
    exit 1
  close_text()
  print "static const Migration migrations[] = {"
  for (number = 1; number <= newest; number++) {
    if (!((number, "up") in seen) || !((number, "down") in seen)) {
      print "schemas/sql: migration " number " lacks its up or its down file" > "/dev/stderr"
      exit 1
    }
    print "  { " number ", \"" names[number] "\", MIGRATION_" number "_UP, MIGRATION_" number "_DOWN },"
  }
  print "};"
}
