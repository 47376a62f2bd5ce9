# shellcheck shell=bash
# demo: the sample claims from the door to BGS, and their papers into the Veterans' folders; one with two attachments; and three
# that BGS does not take from the door to the folder, by paper; shown while they move, on servers and simulators of its own.

readonly demo_timeout_s=120

# One line per claim group: state, how many of its 686c and 674 claims have been submitted, how many of its papers are stored, its
# proc, whether a person is needed; from `pipelinectl status --json`.
# shellcheck disable=SC2016  # jq's variables
readonly demo_line='
  def count ($form): [.claims[] | select (.form_type == $form)]
    | if length == 0 then "-" else "\([.[] | select (.state == "submitted")] | length) of \(length)" end;
  [.state + (if .package then " (by paper: \(.package.state))" else "" end), count ("21-686C"), count ("21-674"),
    (if .papers == [] then "-" else "\([.papers[] | select (.state == "stored")] | length) of \(.papers | length)" end), (.proc_id // "-" | tostring), (.needs_person // "-")] | join ("\t")'

print_demo_line () {
  local sample=$1 state forms_686c forms_674 papers proc person
  IFS=$'\t' read -r state forms_686c forms_674 papers proc person <<<"$2"
  [ "$person" = - ] || state+=" (needs a person: $person)"
  printf '  %-41s %-7s %-7s %-7s %-10s %s' "$sample" "$forms_686c" "$forms_674" "$papers" "$proc" "$state"
}

# On a terminal the whole table, drawn over its last picture; elsewhere a line for the one that has changed.
draw_demo_table () {
  local i
  printf '\033[?7l'   # a line wider than the terminal is cut, not wrapped: the way back up counts lines
  for i in "${!samples[@]}"; do
    print_demo_line "${samples[i]}" "${lines[i]}"
    printf '\033[K\n'
  done
  printf '\033[?7h'
}

# submit_one NAME FILE [OPTION…]
submit_one () {
  samples+=("$1")
  groups+=("$("$BUILD/bin/pipelinectl" submit "$2" --test-user "${@:3}")") || fail "$2 was not taken"
  lines+=($'accepted\t-\t-\t-\t-\t-')
}

# With a certificate and a decree, each a page.
submit_with_attachments () {
  local name options=()
  for name in certificate decree; do
    PYTHONPATH=$ROOT/tests/support "$ROOT/.venv/bin/python3" -B -c \
      'import plain_pdf; pdf = plain_pdf.Pdf (); pdf.page (); open ("/dev/stdout", "wb").write (pdf.bytes ())' >"$RUN/logs/$name.pdf"
    options+=(--attach "$RUN/logs/$name.pdf")
  done
  submit_one "03_686c_report_divorce, two attachments" "$ROOT/tests/samples/claims/03_686c_report_divorce.json" "${options[@]}"
  rm "$RUN/logs/certificate.pdf" "$RUN/logs/decree.pdf"
}

submit_samples () {
  local file
  for file in "$ROOT"/tests/samples/claims/*.json; do submit_one "$(basename "$file" .json)" "$file"; done
}

# Three claims of Veterans with names of their own, by which the simulated BGS knows whom to refuse: two for good, one with
# a fault that may pass, until its attempts are used up.
submit_for_paper () {
  local simulator sample name text
  simulator=$(address_in_env BGS_SIMULATOR_URL)
  while IFS='|' read -r sample name text; do
    jq -n --arg name "$name" --arg text "$text" '{operation: "insertBenefitClaim", contains: $name, do: "answer", status: 500,
      body: ("<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault><faultcode>s:Server</faultcode>"
        + "<faultstring>\($text)</faultstring><detail><x:ShareException xmlns:x=\"http://services.share.benefits.vba.va.gov/\">"
        + "<message>\($text)</message></x:ShareException></detail></s:Fault></s:Body></s:Envelope>")}' |
      curl --silent --fail --output /dev/null --data-binary @- "$simulator/_simulator/rules" || fail "the simulator takes no rule"
    jq --arg name "$name" '.veteran_information.full_name.last = $name' "$ROOT/tests/samples/claims/$sample.json" \
      >"$RUN/logs/$name.json"
    submit_one "$sample $name" "$RUN/logs/$name.json"
    rm "$RUN/logs/$name.json"
  done <<'END'
03_686c_report_divorce|Refused|insertBenefitClaim: Invalid zipcode.
07_combined_686c_674_two_students|Denied|Maximum number of EPs reached for this bnftClaimTypeCd
01_686c_add_spouse|Wornout|TUX-20306 - An unexpected error was encountered
END
}

address_in_env () {
  sed -n "s/^$1='\(.*\)'/\1/p" "$RUN/env"
}

# Waits that last for hours are seconds here; the simulated mail portal moves a package on each second, up to the folder.
hurry () {
  setting retry-tiers '500ms*2,1s'
  setting look-tier 1s
  setting package-ask-every 500ms
  setting intake-last-status vbms
  setting intake-step-ms 1000
  setting intake-report-cache-ms 0
}

# The documents of every package, as they were sent. Prints a line a package.
fetch_papers () {
  local i uuid part intake
  intake=$(address_in_env INTAKE_SIMULATOR_URL)
  rm -rf "$BUILD/papers"
  mkdir -p "$BUILD/papers"
  for i in "${!groups[@]}"; do
    uuid=$("$BUILD/bin/pipelinectl" status "${groups[i]}" --json | jq -r '.package.uuid // empty')
    [ -n "$uuid" ] || continue
    echo "  ${samples[i]}: package $uuid"
    while read -r part; do
      curl --silent --fail --output "$BUILD/papers/${samples[i]// /-}-$part.pdf" "$intake/_simulator/uploads/$uuid/$part"
    done < <(curl --silent --fail "$intake/_simulator/state" |
      jq -r --arg guid "$uuid" '.uploads[] | select (.guid == $guid) | .parts[].name | select (. != "metadata")')
  done
}

# Until every group has ended or the time is over. Sets lines.
watch_samples () {
  local i line open moved terminal=no started=$SECONDS
  [ ! -t 1 ] || terminal=yes
  printf '  %-41s %-7s %-7s %-7s %-10s %s\n' claim 686c 674 papers proc state
  [ "$terminal" = no ] || draw_demo_table
  while true; do
    open=no moved=no
    for i in "${!groups[@]}"; do
      # A settled group does not move any more.
      case ${lines[i]} in success* | failed*) continue ;; esac
      open=yes
      line=$("$BUILD/bin/pipelinectl" status "${groups[i]}" --json | jq -r "$demo_line") ||
        fail "no status of ${groups[i]}"
      [ "$line" != "${lines[i]}" ] || continue
      lines[i]=$line moved=yes
      [ "$terminal" = yes ] || printf '%s\n' "$(print_demo_line "${samples[i]}" "$line")"
    done
    if [ "$terminal" = yes ] && [ "$moved" = yes ]; then
      printf '\033[%dA' "${#samples[@]}"
      draw_demo_table
    fi
    is_up || fail "a program has ended by itself; ./dev logs NAME shows its last words"
    [ "$open" = yes ] && ((SECONDS - started < demo_timeout_s)) || return 0
    sleep 0.2
  done
}

# What somebody else makes of claim-events: read by kcat, decoded with the published schemas alone.
read_events () {
  kcat -b "$(address_in_env KAFKA_BROKERS)" -C -q -e -t "${DEPENDENTS_TOPIC_PREFIX-dependents.}claim-events" -o beginning \
    -f '%R%s' | "$ROOT/.venv/bin/python3" -B "$ROOT/tests/readers/count-claim-events"
}

# Until what was told last of every e-mail has been answered: the last group's end and its e-mail are not one moment.
await_emails () {
  local deadline=$((SECONDS + demo_timeout_s)) i open=yes
  while [ "$open" = yes ] && ((SECONDS < deadline)); do
    open=no
    for i in "${!groups[@]}"; do
      ! "$BUILD/bin/pipelinectl" status "${groups[i]}" --json | jq -e '[.emails[].state] | any (. == "requested" or . == "sent")' \
        >/dev/null || open=yes
    done
    [ "$open" = no ] || sleep 0.2
  done
}

# Until no paper of an established group is on its way: a group is a success when its claims are, and papers go on.
await_papers () {
  local deadline=$((SECONDS + demo_timeout_s)) i open=yes
  while [ "$open" = yes ] && ((SECONDS < deadline)); do
    open=no
    for i in "${!groups[@]}"; do
      ! "$BUILD/bin/pipelinectl" status "${groups[i]}" --json | jq -e '.papers | any (.state == "pending" or .state == "refused")' \
        >/dev/null || open=yes
    done
    [ "$open" = no ] || sleep 0.2
  done
}

print_papers () {
  await_papers
  curl --silent --fail "$(address_in_env EVIDENCE_SIMULATOR_URL)/_simulator/state" | jq -r '.files |
    "Folders of Veterans (simulated) now hold \(length) papers: \(map (select (.contentName | startswith ("21-"))) | length) forms, " +
    "\(map (select (.contentName | startswith ("attachment-"))) | length) attachments."'
}

# The e-mails, by what they say and what has become of them.
print_emails () {
  local i
  await_emails
  for i in "${!groups[@]}"; do "$BUILD/bin/pipelinectl" status "${groups[i]}" --json; done |
    jq -rs '[.[].emails[]] | group_by (.kind, .state) | sort_by (.[0].kind) |
      "E-mails through VA Notify (simulated): " + (map ("\(length) \(.[0].kind) \(.[0].state)") | join (", ")) + "."'
}

# Where to look, and in a terminal the time to do so: all this ends with the demo.
look_around () {
  echo "The page: $(address_in_env WEB_URL) (token $(address_in_env WEB_TOKEN))"
  echo "The story of one claim: . ${RUN#"$ROOT"/}/env; build/bin/pipelinectl why ${groups[0]}"
  if [ -t 0 ] && [ -t 1 ]; then
    read -r -p "All this runs until you press Enter. " || true
  else
    echo "This run ends here; ./dev up starts everything again, and build/run/env has the addresses."
  fi
}

# Says what has become of the claims, and where to look. The status is the demo's.
sum_up () {
  local elapsed=$1 i succeeded=0 status=0 simulator
  for i in "${!groups[@]}"; do
    case ${lines[i]} in success*) succeeded=$((succeeded + 1)) ;; esac
  done
  simulator=$(address_in_env BGS_SIMULATOR_URL)
  echo
  echo "$succeeded of ${#groups[@]} claim groups ended in success, $elapsed s after the first was submitted."
  curl --silent --fail "$simulator/_simulator/state" | jq -r '
    "BGS (simulated) now holds \(.procs | length) procs, \(.proc_forms | length) proc forms, " +
    "\(.benefit_claims | length) benefit claims."'
  print_papers
  echo "By paper, for BGS refused them for good or until their attempts were used up:"
  fetch_papers
  echo "Their documents: $(find "$BUILD/papers" -name '*.pdf' | wc -l) PDFs in ${BUILD#"$ROOT"/}/papers"
  print_emails
  read_events || status=1
  echo "Logs: ./dev logs form-686c (and the other programs); --claim GUID shows one claim group's lines."
  look_around
  [ "$succeeded" -eq "${#groups[@]}" ] && [ "$status" -eq 0 ]
}

demo () {
  local samples=() groups=() lines=() started status=0
  mkdir -p "${RUN%/*}"
  # Held until this demo and everything it has started are gone, so that another one does not end it.
  exec 8>"$RUN.demo-lock"
  flock --nonblock 8 || fail "another demo runs in this checkout; wait for its end, or ./dev down"
  if [ -e "$RUN/env" ] && is_up; then fail "already up; ./dev down first"; fi
  if [ "$KAFKA" = yes ]; then setup --reader --kafka; else setup --reader; fi
  build_if_needed
  hurry
  up
  [ "$BROUGHT_UP" = yes ] || fail "already up; ./dev down first"
  trap down EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  started=$SECONDS
  submit_samples
  submit_with_attachments
  submit_for_paper
  watch_samples
  sum_up $((SECONDS - started)) || status=$?
  exit "$status"
}
