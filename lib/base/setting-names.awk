# Collects the names of all rows { "name", SETTING_… } of the given sources into one C array, sorted and
# without doubles, so that every program can tell a misspelt DEPENDENTS_ variable from another program's setting.
BEGIN { row = "[{][ \t]*([.]name[ \t]*=[ \t]*)?\"[^\" ]+\"[ \t]*,[ \t]*([.]type[ \t]*=[ \t]*)?SETTING_" }
FNR == 1 { previous = "" }
{
  # Two lines at a time, for the formatter may break a row.
  text = previous " " $0
  previous = $0
  while (match (text, row)) {
    found = substr (text, RSTART, RLENGTH)
    text = substr (text, RSTART + RLENGTH)
    sub (/^[^"]*"/, "", found)
    sub (/".*$/, "", found)
    seen[found] = 1
  }
}
END {
  count = 0
  for (name in seen)
    sorted[++count] = name
  for (i = 2; i <= count; i++) {
    name = sorted[i]
    for (j = i - 1; j >= 1 && sorted[j] > name; j--)
      sorted[j + 1] = sorted[j]
    sorted[j + 1] = name
  }
  print "/* Generated from the rows of all programs' settings; do not edit. */\n#pragma once"
  print "static const char *const setting_names[] = {"
  for (i = 1; i <= count; i++)
    print "  \"" sorted[i] "\","
  print "  NULL\n};"
}
