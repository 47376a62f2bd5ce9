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

# The stages of the pipeline, and the simulators with the settings that take their address. What has not been built is
# left out.
readonly programs=(claim-api proc-setup form-686c form-674 backup notify)
readonly simulators=("bgs-simulator bgs-url bid-url" "intake-simulator intake-url" "notify-simulator notify-url")

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
  local simulator names url
  if [ -z "${DEPENDENTS_DATABASE_URL-}" ]; then
    await postgres
    setting database-url "$(address_of postgres DATABASE_URL)"
  fi
  if [ -z "${DEPENDENTS_KAFKA_BROKERS-}" ]; then
    await broker
    setting kafka-brokers "$(address_of broker KAFKA_BROKERS)"
  fi
  for simulator in "${simulators[@]}"; do
    read -ra names <<<"$simulator"
    is_built "${names[0]}" || continue
    await "${names[0]}"
    for url in "${names[@]:1}"; do setting "$url" "$(address_of "${names[0]}" URL)"; done
  done
}

start_programs () {
  local name
  is_built pipelinectl || fail "build/bin/pipelinectl is not there: run ./dev build"
  "$BUILD/bin/pipelinectl" migrate >"$RUN/logs/migrate.log" 2>&1 || fail_up migrate "failed"
  if [ "$KAFKA" = yes ]; then
    "$BUILD/bin/pipelinectl" topics create >"$RUN/logs/topics.log" 2>&1 || fail_up topics "failed"
  fi
  for name in "${programs[@]}"; do
    ! is_built "$name" || launch program "$name" "$BUILD/bin/$name" --address-file "$RUN/addresses/$name"
  done
  for name in "${programs[@]}"; do
    ! is_built "$name" || await_ready "$name"
  done
}

await_ready () {
  local url deadline=$((SECONDS + up_timeout_s))
  await "$1"
  url=$(address_of "$1" METRICS_URL)
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
  setting bid-token "$(new_token)"
  setting bid-expected-token "$DEPENDENTS_BID_TOKEN"
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
    "$RUN/claim-api-tokens"
}

down () {
  mkdir -p "$BUILD" "${RUN%/*}"
  exec 9>"$RUN.lock"
  flock 9
  end_everything
  exec 9>&-
}

show_log () {
  local log=$RUN/logs/$1.log
  if [ ! -e "$log" ]; then
    say "dev: no log of $1; there are:"
    find "$RUN/logs" -name '*.log' -printf '  %f\n' 2>/dev/null | sed 's/\.log$//' | sort >&2
    exit 1
  fi
  cat "$log"
}
