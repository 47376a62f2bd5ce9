# Puts the schemas into a C table: FILE… are schemas/avro/<stem>.avsc (the newest, version 0 in the table) and
# schemas/avro/versions/<stem>/<n>.avsc (those that were ever in use). The text stays as it is, to the byte, for it
# is what the registry is given.
function close_row () { if (open) print "  },"; open = 0 }
BEGIN {
  print "/* Generated from schemas/avro; do not edit. */\n#pragma once"
  print "static const struct {\n  const char *stem;\n  int version;\n  const char *text;\n} embedded_schemas[] = {"
}
FNR == 1 {
  close_row()
  count = split (FILENAME, part, "/")
  file = part[count]
  sub (/[.]avsc$/, "", file)
  stem = file
  version = 0
  if (part[count - 2] == "versions") {
    stem = part[count - 1]
    version = file
  }
  print "  { \"" stem "\", " version ","
  open = 1
}
{ gsub (/\\/, "&&"); gsub (/"/, "\\\""); print "    \"" $0 "\\n\"" }
END { close_row(); print "};" }
