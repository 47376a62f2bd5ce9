# shellcheck shell=bash
# demo: the sample claims from the door to BGS, shown while they move, on servers and simulators of its own.

readonly demo_timeout_s=120

# One line per claim group: state, how many of its 686c and 674 claims have been submitted, its proc, whether a person
# is needed; from `pipelinectl status --json`.
# shellcheck disable=SC2016  # jq's variables
readonly demo_line='
  def count ($form): [.claims[] | select (.form_type == $form)]
    | if length == 0 then "-" else "\([.[] | select (.state == "submitted")] | length) of \(length)" end;
  [.state, count ("21-686C"), count ("21-674"), (.proc_id // "-" | tostring), (.needs_person // "-")] | join ("\t")'

print_demo_line () {
  local sample=$1 state forms_686c forms_674 proc person
  IFS=$'\t' read -r state forms_686c forms_674 proc person <<<"$2"
  [ "$person" = - ] || state+=" (needs a person: $person)"
  printf '  %-34s %-7s %-7s %-10s %s' "$sample" "$forms_686c" "$forms_674" "$proc" "$state"
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

submit_samples () {
  local file
  for file in "$ROOT"/tests/samples/claims/*.json; do
    samples+=("$(basename "$file" .json)")
    groups+=("$("$BUILD/bin/pipelinectl" submit "$file" --test-user)") || fail "$file was not taken"
    lines+=($'accepted\t-\t-\t-\t-')
  done
}

# Until every group has ended or the time is over. Sets lines.
watch_samples () {
  local i line open moved terminal=no started=$SECONDS
  [ ! -t 1 ] || terminal=yes
  printf '  %-34s %-7s %-7s %-10s %s\n' claim 686c 674 proc state
  [ "$terminal" = no ] || draw_demo_table
  while true; do
    open=no moved=no
    for i in "${!groups[@]}"; do
      # A settled group does not move any more.
      case ${lines[i]} in success$'\t'* | failed$'\t'*) continue ;; esac
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

# Says what has become of the claims, and where to look. The status is the demo's.
sum_up () {
  local elapsed=$1 i succeeded=0 simulator
  for i in "${!groups[@]}"; do
    case ${lines[i]} in success$'\t'*) succeeded=$((succeeded + 1)) ;; esac
  done
  simulator=$(sed -n "s/^BGS_SIMULATOR_URL='\(.*\)'/\1/p" "$RUN/env")
  echo
  echo "$succeeded of ${#groups[@]} claim groups ended in success, $elapsed s after the first was submitted."
  curl --silent --fail "$simulator/_simulator/state" | jq -r '
    "BGS (simulated) now holds \(.procs | length) procs, \(.proc_forms | length) proc forms, " +
    "\(.benefit_claims | length) benefit claims."'
  echo "Logs, one JSON object a line: ./dev logs form-686c (and the other programs)."
  echo "To start everything and look around: ./dev up, then build/run/env has the addresses."
  [ "$succeeded" -eq "${#groups[@]}" ]
}

demo () {
  local samples=() groups=() lines=() started status=0
  mkdir -p "${RUN%/*}"
  # Held until this demo and everything it has started are gone, so that another one does not end it.
  exec 8>"$RUN.demo-lock"
  flock --nonblock 8 || fail "another demo runs in this checkout; wait for its end, or ./dev down"
  if [ -e "$RUN/env" ] && is_up; then fail "already up; ./dev down first"; fi
  if [ "$KAFKA" = yes ]; then setup --kafka; else setup; fi
  build_if_needed
  up
  [ "$BROUGHT_UP" = yes ] || fail "already up; ./dev down first"
  trap down EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  started=$SECONDS
  submit_samples
  watch_samples
  sum_up $((SECONDS - started)) || status=$?
  exit "$status"
}
