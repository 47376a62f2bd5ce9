# shellcheck shell=bash
# up, down, logs: everything in the background, and all of it ended again.
#
# $RUN/processes has one line for each process that `up` started: name, kind, pid and the start time that the kernel
# gives the process. A pid alone says nothing: it may be somebody else's by now. Each is the leader of a process group
# of its own, so that its children end with it and Ctrl-C in a terminal does not reach it.
#
# Beside it: addresses/NAME, written by each program when it is ready; logs/NAME.log; env, for people and tests;
# settings, the DEPENDENTS_ variables of this run, for who wants to start one more program by hand. `down` leaves the logs.

readonly up_timeout_s=90
readonly down_timeout_s=35   # a consumer may take its shutdown-deadline, 25 s, and the time to say goodbye

# The stages of the pipeline, and the simulators with the settings that take their address; a path is put behind it. What has
# not been built is left out.
readonly programs=(claim-api proc-setup form-686c form-674 backup notify evidence)
readonly simulators=("bgs-simulator bgs-url bid-url" "intake-simulator intake-url" "notify-simulator notify-url"
  "evidence-simulator evidence-url/api/v1/rest")

# --- Processes -------------------------------------------------------------------------------------------------------

# start_time PID: field 22 of /proc/PID/stat, counted behind the name, which may hold anything. Fails for a process that
# is gone, or that has ended and only waits to be reaped.
start_time () {
  local stat
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  read -ra stat <<<"${stat##*) }"
  [ "${stat[0]}" != Z ] || return 1
  echo "${stat[19]}"
}

# is_running PID START-TIME
is_running () {
  [ "$(start_time "$1")" = "$2" ]
}

# launch KIND NAME COMMAND…: kind is server (ended last) or program.
launch () {
  local kind=$1 name=$2 pid
  shift 2
  setsid "$@" </dev/null >"$RUN/logs/$name.log" 2>&1 9>&- &
  pid=$!
  # Kept even when it has ended already: then waiting for it tells so.
  echo "$name $kind $pid $(start_time "$pid" || echo 0)" >>"$RUN/processes"
  disown "$pid"
}

# The process named $1 is still the one that was launched.
runs () {
  local name pid start
  while read -r name _ pid start; do
    [ "$name" != "$1" ] || ! is_running "$pid" "$start" || return 0
  done <"$RUN/processes"
  return 1
}

# still_running KIND: their process ids.
still_running () {
  local kind pid start
  while read -r _ kind pid start; do
    if [ "$kind" = "$1" ] && is_running "$pid" "$start"; then echo "$pid"; fi
  done <"$RUN/processes"
}

# end_processes KIND: asks all of that kind to end, and makes those end that do not.
end_processes () {
  local pids pid signal deadline
  for signal in TERM KILL; do
    pids=$(still_running "$1")
    for pid in $pids; do kill -s "$signal" -- "-$pid" 2>/dev/null || true; done
    deadline=$((SECONDS + down_timeout_s))
    until [ -z "$pids" ] || ((SECONDS > deadline)); do
      sleep 0.05
      pids=$(still_running "$1")
    done
    [ -n "$pids" ] || return 0
    say "down: processes ${pids//$'\n'/ } have not ended $down_timeout_s s after SIG$signal"
  done
  return 1
}

# await NAME: until its address file is there.
await () {
  local deadline=$((SECONDS + up_timeout_s))
  until [ -s "$RUN/addresses/$1" ]; do
    runs "$1" || fail_up "$1" "ended at once"
    ((SECONDS < deadline)) || fail_up "$1" "was not ready within $up_timeout_s s"
    sleep 0.05
  done
}

fail_up () {
  tail -n 20 "$RUN/logs/$1.log" >&2
  fail "$1 $2; its log is ${RUN#"$ROOT"/}/logs/$1.log"
}

# address_of NAME KEY: a value from the file that the program wrote.
address_of () {
  sed -n "s/^$2=//p" "$RUN/addresses/$1"
}

# --- Settings --------------------------------------------------------------------------------------------------------

# setting NAME VALUE: for all programs started from here on, unless the caller of `up` has a word of his own.
setting () {
  local variable=DEPENDENTS_${1^^}
  variable=${variable//[-.]/_}
  [ -n "${!variable+set}" ] || export "$variable=$2"
}

new_key () {
  printf 'run:%s' "$(head -c 32 /dev/urandom | base64 -w 0)"
}

new_token () {
  head -c 24 /dev/urandom | base64 -w 0 | tr '+/' '-_'
}

new_uuid () {
  cat /proc/sys/kernel/random/uuid
}

# What signs the tokens, and that papers are stored at all.
evidence_settings () {
  setting evidence-expected-secret "$(new_token)"
  is_built evidence || return 0
  setting evidence-secret "$DEPENDENTS_EVIDENCE_EXPECTED_SECRET"
  setting evidence yes
}

# A template for each e-mail, and the service that knows them.
notify_settings () {
  local kind forms uuid templates='' known='' values='first_name date_submitted confirmation_number'
  for kind in submitted in_progress received error; do
    for forms in 686c-674 686c 674; do
      uuid=$(new_uuid)
      templates+="$kind/$forms=$uuid $values;"
      known+="$uuid $values;"
    done
  done
  setting notify-templates "$templates"
  setting notify-known-templates "$known"
  setting notify-api-key "demo-$(new_uuid)-$(new_uuid)"
  setting notify-expected-key "$DEPENDENTS_NOTIFY_API_KEY"
  setting notify-callback-keys "$DEPENDENTS_NOTIFY_API_KEY"
}

is_built () {
  [ -x "$BUILD/bin/$1" ]
}

# --- up --------------------------------------------------------------------------------------------------------------

start_servers () {
  if [ -z "${DEPENDENTS_DATABASE_URL-}" ]; then
    launch server postgres "$SUPPORT/with-postgres" "$SUPPORT/dev/hold" "$RUN/addresses/postgres" DATABASE_URL
  fi
  if [ -n "${DEPENDENTS_KAFKA_BROKERS-}" ]; then
    :
  elif [ "$KAFKA" = yes ]; then
    launch server broker "$SUPPORT/with-kafka" "$SUPPORT/dev/hold" "$RUN/addresses/broker" KAFKA_BROKERS
  else
    launch server broker "$BUILD/bin/embedded-broker" --address-file "$RUN/addresses/broker"
    # What it cannot answer is not asked. It notices a missing member only by the session time-out, and new records
    # do not wake a fetch that waits.
    setting broker-admin no
    setting kafka.session.timeout.ms 6000
    setting kafka.fetch.wait.max.ms 10
  fi
  local simulator name
  for simulator in "${simulators[@]}"; do
    name=${simulator%% *}
    ! is_built "$name" || launch server "$name" "$BUILD/bin/$name" --address-file "$RUN/addresses/$name"
  done
}

# Waits for the servers and makes their addresses settings of the programs.
settle_addresses () {
  local simulator names url part
  if [ -z "${DEPENDENTS_DATABASE_URL-}" ]; then
    await postgres
    setting database-url "$(address_of postgres DATABASE_URL)"
    for part in consumer claim-api reader operator; do setting "role-$part" "dependents_${part//-/_}"; done
  fi
  if [ -z "${DEPENDENTS_KAFKA_BROKERS-}" ]; then
    await broker
    setting kafka-brokers "$(address_of broker KAFKA_BROKERS)"
  fi
  for simulator in "${simulators[@]}"; do
    read -ra names <<<"$simulator"
    is_built "${names[0]}" || continue
    await "${names[0]}"
    for url in "${names[@]:1}"; do
      # That setting is the consumer's alone, and what no program knows stops a start.
      [ "${names[0]}" != evidence-simulator ] || is_built evidence || continue
      setting "${url%%/*}" "$(address_of "${names[0]}" URL)${url#"${url%%/*}"}"
    done
  done
}

# Where the programs are run from: build/bin, or an image's root file system (DEV_IMAGE_ROOT, made by helm/image/root) as a cluster
# runs it. Sets INSIDE, the words before a program, and BIN, its folder.
settle_from () {
  INSIDE=() BIN=$BUILD/bin
  [ -n "${DEV_IMAGE_ROOT-}" ] || return 0
  INSIDE=("$ROOT/helm/image/run" "$DEV_IMAGE_ROOT" "$RUN") BIN=/usr/bin
  chmod 711 "$RUN"
  chown -R 65532 "$RUN/addresses" "$RUN/claim-api-tokens" "$RUN/web-tokens"
}

# The database as that program's role sees it (tests/support/with-postgres makes the roles).
database_of () {
  local part=consumer
  case $1 in
    claim-api) part=claim_api ;;
    pipelinectl-web) part=operator ;;
  esac
  if [ -n "${DEPENDENTS_ROLE_CONSUMER-}" ]; then
    echo "${DEPENDENTS_DATABASE_URL/\/\/dependents@///dependents_$part@}"
  else
    echo "$DEPENDENTS_DATABASE_URL"
  fi
}

start_programs () {
  local name
  is_built pipelinectl || fail "build/bin/pipelinectl is not there: run ./dev build"
  settle_from
  "${INSIDE[@]}" "$BIN/pipelinectl" migrate >"$RUN/logs/migrate.log" 2>&1 || fail_up migrate "failed"
  if [ "$KAFKA" = yes ]; then
    "${INSIDE[@]}" "$BIN/pipelinectl" topics create >"$RUN/logs/topics.log" 2>&1 || fail_up topics "failed"
  fi
  for name in "${programs[@]}"; do
    ! is_built "$name" || launch program "$name" env DEPENDENTS_DATABASE_URL="$(database_of "$name")" "${INSIDE[@]}" \
      "$BIN/$name" --address-file "$RUN/addresses/$name"
    # What has become of an e-mail is told there.
    if [ "$name" = claim-api ] && is_built notify; then
      await claim-api
      setting notify-callback-url "$(address_of claim-api URL)/dependents_benefits/v0/notify/callbacks"
    fi
  done
  ! is_built pipelinectl-web ||
    launch program web env DEPENDENTS_DATABASE_URL="$(database_of pipelinectl-web)" "${INSIDE[@]}" "$BIN/pipelinectl" web --address-file "$RUN/addresses/web"
  for name in "${programs[@]}"; do
    ! is_built "$name" || await_ready "$name" METRICS_URL
  done
  ! is_built pipelinectl-web || await_ready web URL
}

# await_ready NAME KEY: KEY names the address of its /readyz.
await_ready () {
  local url deadline=$((SECONDS + up_timeout_s))
  await "$1"
  url=$(address_of "$1" "$2")
  until curl --silent --fail --noproxy '*' --max-time 5 --output /dev/null "$url/readyz"; do
    runs "$1" || fail_up "$1" "ended"
    ((SECONDS < deadline)) || fail_up "$1" "was not ready within $up_timeout_s s"
    sleep 0.1
  done
}

write_env () {
  local simulator name variable
  {
    echo "DATABASE_URL='$DEPENDENTS_DATABASE_URL'"
    echo "KAFKA_BROKERS='$DEPENDENTS_KAFKA_BROKERS'"
    if is_built claim-api; then
      echo "CLAIM_API_URL='$(address_of claim-api URL)'"
      echo "CLAIM_API_TOKEN='$DEPENDENTS_CLAIM_API_TOKEN'"
    fi
    if is_built pipelinectl-web; then
      echo "WEB_URL='$(address_of web URL)'"
      echo "WEB_TOKEN='$web_token'"
    fi
    for simulator in "${simulators[@]}"; do
      name=${simulator%% *} variable=${name^^}
      ! is_built "$name" || echo "${variable//-/_}_URL='$(address_of "$name" URL)'"
    done
    for name in "${programs[@]}"; do
      variable=${name^^}
      ! is_built "$name" || echo "${variable//-/_}_METRICS_URL='$(address_of "$name" METRICS_URL)'"
    done
  } >"$RUN/env.new"
  # Read by a shell the file exports all of it, and every setting of the programs, keys included.
  {
    sed -n 's/^\([A-Z0-9_]*\)=.*/export \1="$\1"/p' "$RUN/env.new"
    export -p | sed -n 's/^declare -x \(DEPENDENTS_[A-Z0-9_]*=\)/export \1/p'
  } >"$RUN/exports"
  cat "$RUN/exports" >>"$RUN/env.new"
  rm "$RUN/exports"
  mv "$RUN/env.new" "$RUN/env"   # last, and whole: who waits for it may go on
}

# Everything of the last `up` still runs, and the database answers: its process may have died below its keeper.
is_up () {
  local name url
  [ -e "$RUN/env" ] || return 1
  while read -r name _; do runs "$name" || return 1; done <"$RUN/processes"
  url=$(sed -n "s/^DATABASE_URL='\(.*\)'/\1/p" "$RUN/env")
  ! command -v pg_isready >/dev/null || pg_isready --quiet --timeout 5 --dbname "$url"
}

up () {
  local web_token
  mkdir -p "$BUILD" "${RUN%/*}"
  exec 9>"$RUN.lock"
  flock 9
  BROUGHT_UP=no   # whether it was this one
  if is_up; then
    [ "$(<"$RUN/broker")" = "$KAFKA" ] || fail "already up on another kind of broker; ./dev down ends it"
    say "already up; addresses in ${RUN#"$ROOT"/}/env"
    exec 9>&-
    return
  fi
  end_everything   # of an earlier `up` of which something has died

  umask 077   # keys and tokens lie here
  mkdir -p "$RUN/addresses" "$RUN/logs"
  rm -f "$RUN"/logs/*.log
  echo "$KAFKA" >"$RUN/broker"
  : >"$RUN/processes"
  trap end_everything EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP

  setting metrics-port 0
  setting master-keys "$(new_key)"
  setting hmac-keys "$(new_key)"
  setting claim-api-token "$(new_token)"
  echo "demo:$DEPENDENTS_CLAIM_API_TOKEN" >"$RUN/claim-api-tokens"
  setting token-file "$RUN/claim-api-tokens"
  web_token=$(new_token)
  echo "demo:act:$web_token" >"$RUN/web-tokens"
  setting web-token-file "$RUN/web-tokens"
  setting bid-token "$(new_token)"
  setting bid-expected-token "$DEPENDENTS_BID_TOKEN"
  setting intake-api-key "$(new_token)"
  setting intake-expected-key "$DEPENDENTS_INTAKE_API_KEY"
  notify_settings
  evidence_settings
  start_servers
  settle_addresses
  start_programs
  ! is_built claim-api || setting claim-api-url "$(address_of claim-api URL)"
  write_env
  # shellcheck disable=SC2034   # used in demo.sh
  BROUGHT_UP=yes
  trap - EXIT INT TERM HUP
  exec 9>&-
  say "up; addresses in ${RUN#"$ROOT"/}/env, logs: ./dev logs NAME, end: ./dev down"
}

# --- down, logs ------------------------------------------------------------------------------------------------------

# Programs first, so that they can still say what they must to database and broker. Leaves the logs.
end_everything () {
  if [ -e "$RUN/processes" ]; then
    end_processes program
    end_processes server
  fi
  rm -rf "$RUN/addresses" "$RUN/processes" "$RUN/env" "$RUN/env.new" "$RUN/exports" "$RUN/broker" \
    "$RUN/claim-api-tokens" "$RUN/web-tokens"
}

down () {
  mkdir -p "$BUILD" "${RUN%/*}"
  exec 9>"$RUN.lock"
  flock 9
  end_everything
  exec 9>&-
}

# One line a log line: time, level, message, fields; what is no JSON passes as it is. Colours on a terminal alone. With $json the
# lines of a claim as they are.
# shellcheck disable=SC2016  # jq's variables
readonly log_line='
  def paint ($code): if $colour then "\u001b[\($code)m\(.)\u001b[0m" else . end;
  def pad ($width): . + " " * ([$width - length, 0] | max);
  def level: {debug: "2", info: "32", warning: "33", error: "1;31"}[.] // "0";
  . as $raw | (try fromjson catch null) as $line
  | if ($line | type) != "object" then (if $claim == "" then $raw else empty end)
    else $line
      | select ($claim == "" or .claim_group_id == $claim or .claim_id == $claim)
      | if $json then $raw else [ (.at // "" | sub ("^[^T]*T"; "") | pad (13) | paint ("2")),
          (.level // "" | . as $name | pad (7) | paint ($name | level)),
          (.message // "" | pad (40)),
          (to_entries[] | select (.key | IN ("at", "level", "program", "message") | not)
            | (.key + "=" | paint ("2")) + (.value | tostring | if test ("[ =\"]") then tojson else . end)) ]
      | join (" ") end
    end'

# show_log NAME [-f] [--claim ID] [--json]: for people; ID is a claim group's guid or a claim's number.
show_log () {
  local name=$1 follow=no claim='' json=false colour=false log=$RUN/logs/$1.log
  shift
  while [ $# -gt 0 ]; do
    case $1 in
      -f) follow=yes ;;
      --claim) [ $# -ge 2 ] || wrong_usage; claim=$2; shift ;;
      --json) json=true ;;
      *) wrong_usage ;;
    esac
    shift
  done
  if [ ! -e "$log" ]; then
    say "dev: no log of $name; there are:"
    find "$RUN/logs" -name '*.log' -printf '  %f\n' 2>/dev/null | sed 's/\.log$//' | sort >&2
    exit 1
  fi
  [ ! -t 1 ] || colour=true
  local reader=(cat "$log")
  [ "$follow" = no ] || reader=(tail --lines=+1 --follow=name --retry "$log")
  if [ "$json" = true ] && [ -z "$claim" ]; then
    "${reader[@]}"
  else
    "${reader[@]}" | jq --raw-input --raw-output --unbuffered --argjson colour "$colour" --argjson json "$json" \
      --arg claim "$claim" "$log_line"
  fi
}
