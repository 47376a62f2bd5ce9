# shellcheck shell=bash
# test, bench, lint.

# How many processors' worth of tests run at once. Tests mostly wait: for limits that are over, for servers that start.
# What keeps cores busy or measures time says so to ctest (PROCESSORS, RUN_SERIAL); what takes long begins first (COST).
readonly tests_at_once=${TESTS_AT_ONCE:-5}

# While the tests of one lane wait, the programs of the next are compiled, when nobody else wants the processor.
ahead_presets=() # of the lanes to come
ahead=           # the compiling one's process

build_ahead () {
  local preset=${ahead_presets[0]-}
  [ -n "$preset" ] || return 0
  ahead_presets=("${ahead_presets[@]:1}")
  (configure_preset "$preset") || return 0 # its lane says so
  nice -n 19 ninja -C "$(folder_of "$preset")" programs >"$BUILD/ahead-$preset.log" 2>&1 &
  ahead=$!
}

# What failed fails again in its lane, and is told there.
wait_ahead () {
  [ -z "$ahead" ] || wait "$ahead" || true
  ahead=
}

stop_ahead () {
  [ -z "$ahead" ] || kill "$ahead" 2>/dev/null || true
}

# Each test has servers of its own, and what they write is thrown away: in memory a lane needs 0.7 of the processor's time
# and 0.75 of the clock's. Five tests have some 600 MB there at once.
readonly scratch_mib=2048 memory_mib=6144
scratch_folder=

# A scratch folder in memory, where there is room and nobody has said where; else the system's. It bears the number of its
# process, and of the system of such numbers (containers share /dev/shm), so that the next run removes what a killed one has left.
make_scratch () {
  local left ours free_mib available_mib
  [ -z "${TMPDIR-}" ] && [ -w /dev/shm ] || return 0
  ours=/dev/shm/dependents-tests.$(stat -L -c %i /proc/self/ns/pid)
  for left in "$ours".*; do
    [ ! -O "$left" ] || kill -0 "${left##*.}" 2>/dev/null || rm -rf "$left"
  done
  free_mib=$(df --output=avail --block-size=1M /dev/shm | tail -n 1)
  available_mib=$(($(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo) / 1024))
  [ "$free_mib" -ge "$scratch_mib" ] && [ "$available_mib" -ge "$memory_mib" ] || return 0
  scratch_folder=$ours.$$
  mkdir -m 1777 "$scratch_folder"
  # Tests write programs there and run them; a container's may not be run.
  if printf '#!/bin/sh\n' >"$scratch_folder/runs" && chmod +x "$scratch_folder/runs" && "$scratch_folder/runs" 2>/dev/null; then
    rm "$scratch_folder/runs"
    export TMPDIR=$scratch_folder
  else
    remove_scratch
  fi
}

remove_scratch () {
  [ -z "$scratch_folder" ] || rm -rf "$scratch_folder"
  scratch_folder=
}

# run_lane PRESET LABEL…: builds what those tests need and runs them. After --but LABEL… come all others, but the long ones.
run_lane () {
  local preset=$1 folder label known log=$BUILD/lane-$1.log which=--label-regex status=0
  shift
  if [ "${1-}" = --but ]; then
    which=--label-exclude
    shift
  fi
  folder=$(folder_of "$preset")
  wait_ahead
  configure_preset "$preset" || return 1
  # Which labels there are is known before anything is built.
  for label in "$@"; do
    known=$(ctest --test-dir "$folder" --print-labels | sed -n 's/^  //p')
    grep -qxF -e "$label" <<<"$known" ||
      fail "there are no tests called $label; there are: $(xargs <<<"$known"), and crash, storm, long, kubernetes, beside"
  done
  if [ "$which" = --label-exclude ]; then set -- "$@" long; fi
  if ! build_preset "$preset" "$(target_of "$which" "$@")"; then
    printf '\n%s:\nnot built, and no test of it ran\n' "$preset" >>"$BUILD/lanes"
    return 1
  fi
  build_ahead
  ctest --test-dir "$folder" --output-on-failure --no-tests=error --parallel "$tests_at_once" \
    "$which" "^($(IFS='|'; echo "$*"))\$" | tee "$log" || status=1
  { echo; echo "$preset:"; sed -n '/tests passed, /,$p' "$log"; } >>"$BUILD/lanes"
  return "$status"
}

# target_of --label-regex|--label-exclude LABEL…: only unit and fuzz tests are programs of their own.
target_of () {
  case $* in
    --label-regex*unit* | --label-regex*fuzz* | --label-regex*long*) echo all ;;
    *) echo programs ;;
  esac
}

# run_lanes COMMAND…: one after another, whatever one of them finds; each is a function. What they ran is told at the end.
run_lanes () {
  local lane status=0
  rm -f "$BUILD/lanes"
  for lane in "$@"; do "$lane" || status=1; done
  cat "$BUILD/lanes"
  return "$status"
}

# An ordinary run has each test in the lane where it finds most, and in no other; the long run has the rest.
# Sanitizers watch what needs nothing but the code; in the build with crash points it dies at them; all else is what ships.
with_sanitizers () { run_lane asan unit scenario fuzz; }
with_crash_points () { run_lane debug crash-walk; }
as_it_ships () { run_lane release --but unit scenario; }

with_threads_watched () { run_lane tsan unit scenario; }
sanitized_crashes () { run_lane asan crash crash-walk long; }
all_as_it_ships () { run_lane release unit scenario; }
crashes_as_it_ships () { run_lane release crash; }

# run_crash_test FOLDER FILE: one of tests/crash/ alone, with the programs of that build.
run_crash_test () (
  export PROGRAMS=$1/bin
  cd tests/crash || return
  ../support/with-postgres ../support/with-kafka python3 -B "$2"
)

# test crash --without GUARD: must fail, and say which property of the protocol is violated.
run_without () {
  build_preset debug programs
  CRASH_WITHOUT=$1 run_crash_test "$(folder_of debug)" without_guards_test.py
}

# test storm: the long one. STORM_CLAIMS and CRASH_SEED are its caller's to set.
run_storm () {
  build_preset release programs
  STORM_CLAIMS=${STORM_CLAIMS:-1000} run_crash_test "$BUILD" storm_test.py
}

# test beside COMMIT: programs of an earlier commit beside these, and back to them.
run_beside () {
  local folder=$BUILD/beside status=0
  git rev-parse --verify --quiet "$1^{commit}" >/dev/null || fail "there is no commit $1"
  build_preset release programs
  git worktree remove --force "$folder" 2>/dev/null || true
  git worktree add --quiet --force --detach "$folder" "$1"
  say "test: compiling the programs of $1, see $BUILD/beside.log"
  (cd "$folder" && ./dev build) >"$BUILD/beside.log" 2>&1 || fail "they do not compile"
  EARLIER=$folder/build/bin run_crash_test "$BUILD" beside_test.py || status=$?
  git worktree remove --force "$folder"
  return "$status"
}

# test kubernetes [TEST…]: the image, installed by the chart on a Kubernetes of its own; tests as tests/kubernetes/run takes them.
run_on_kubernetes () {
  setup --kafka --kubernetes
  make_image
  TEST_PYTHON=$ROOT/.venv/bin/python3 tests/kubernetes/run "$BUILD/bin" "$BUILD/image/layout" "$BUILD/kubernetes" "$@"
}

# What CI runs. ctest's summaries are the last thing printed, and whether all passed is our status.
run_tests () {
  local needs=(--kafka --test)
  mkdir -p "$BUILD"
  if [ "${1-}" = kubernetes ]; then
    run_on_kubernetes "${@:2}"
    return
  fi
  case " $* " in
    '  ' | *' chart '* | *' image '*) needs+=(--chart --image) ;;
    *' long '*) needs+=(--browser) ;;
  esac
  setup "${needs[@]}"
  trap 'stop_ahead; remove_scratch' EXIT
  make_scratch
  case $* in
    'crash --without '?*) run_without "$3" ;;
    crash)
      ahead_presets=(release)
      run_lanes with_crash_points crashes_as_it_ships
      ;;
    storm) run_storm ;;
    'beside '?*) run_beside "$2" ;;
    fuzz) run_lane asan fuzz ;;
    # At night.
    long) run_lanes with_threads_watched sanitized_crashes all_as_it_ships ;;
    '')
      ahead_presets=(debug release)
      run_lanes with_sanitizers with_crash_points as_it_ships
      ;;
    *) run_lane release "$@" ;;
  esac
}

list_fuzzers () {
  sed -n 's/^add_fuzzer (\([a-z-]*\) .*/\1/p' tests/fuzz/CMakeLists.txt
}

# run_fuzz NAME [SECONDS]: one target with libFuzzer, from its seeds and from all that earlier runs have found. What ends it
# is kept, and told how to be run again: libFuzzer goes no further than the first finding.
run_fuzz () {
  local name=$1 seconds=${2-300} folder fuzzer status=0
  list_fuzzers | grep -qxF -e "$name" || fail "there is no fuzz target called $name; there are: $(list_fuzzers | xargs)"
  [[ $seconds =~ ^[1-9][0-9]*$ ]] || fail "how long is a number of seconds, not $seconds"
  setup --fuzz
  build_preset fuzz fuzzers
  folder=$(folder_of fuzz)/fuzz
  fuzzer=$folder/fuzz-$name
  rm -rf "$folder/seeds/$name"
  mkdir -p "$folder/seeds/$name" "$folder/corpus/$name"
  FUZZ_SEEDS=$folder/seeds/$name G_SLICE=always-malloc "$fuzzer" -max_total_time="$seconds" -timeout=20 \
    -print_final_stats=1 -artifact_prefix="$folder/$name-" "$folder/corpus/$name" "$folder/seeds/$name" || status=$?
  [ "$status" -eq 0 ] || fail "fuzz: $name has found something; again: $fuzzer FILE, with the file named above"
}

list_benches () {
  find tests/bench -maxdepth 1 -type f -executable -printf '%f\n' | sort
}

# run_benches NAME…: the scripts of tests/bench/, all of them without a name; on the release build.
run_benches () {
  local name benches=()
  for name in "$@"; do
    list_benches | grep -qxF -e "$name" ||
      fail "there is no bench called $name; there are: $(list_benches | xargs)"
    benches+=("$name")
  done
  [ $# -gt 0 ] || mapfile -t benches < <(list_benches)
  setup --kafka --bench
  build_if_needed
  for name in "${benches[@]}"; do "tests/bench/$name"; done
}

# What a reader should never have to point out. Every finding is told; any makes it fail.
lint () {
  local status=0 sources scripts unformatted
  setup --test
  mapfile -t sources < <(git ls-files '*.c' '*.h')
  mapfile -t scripts < <(git grep -lI -e '^#!.*\<bash\>' -e '^# shellcheck shell=bash' -- ':!*.md')

  # The version is pinned, for others format otherwise.
  unformatted=$(clang-format-14 --dry-run "${sources[@]}" 2>&1 |
    sed -n 's/:[0-9]*:[0-9]*: warning:.*//p' | sort -u)
  if [ -n "$unformatted" ]; then
    printf 'not formatted, run clang-format-14 -i on:\n%s\n' "$unformatted"
    status=1
  fi
  shellcheck --external-sources "${scripts[@]}" || status=1
  ! git grep -nE '\b(atoi|atol|atof|sprintf|vsprintf|strcpy|strcat|strtok|gets)[ ]*\(' -- '*.c' '*.h' || status=1
  ! git grep -nE '\b(sleep|usleep|nanosleep|g_usleep)[ ]*\(' -- 'tests/unit/*.c' 'tests/integration/*.c' || status=1
  tests/support/check-rooms || status=1
  # What is cited stands in the repository: the README of a room, a header, a public standard.
  ! git grep -nE '\b[Dd]esign (sections? )?[0-9]|\b[Dd]esign sections?\b|consumer notes|BGS reference|\breference (sections? )?[0-9]|style section|\bshared/|\b[Dd]ecisions? (row |rows )?[0-9]|claim document reference' \
    -- ':!LICENSE' ':!tests/support/dev/test.sh' ':!tests/bench/runner' || status=1
  [ "$status" -eq 0 ] || fail "lint found something"
  say "lint: nothing to say"
}
