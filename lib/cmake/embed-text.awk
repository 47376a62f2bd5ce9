# Turns a text file into one string constant: awk -v name=topics_json -f embed-text.awk FILE
BEGIN { print "/* Generated from a file of the repository; do not edit. */\n#pragma once\nstatic const char " name "[] =" }
{ gsub (/\\/, "&&"); gsub (/"/, "\\\""); print "  \"" $0 "\\n\"" }
END { print "  ;" }
