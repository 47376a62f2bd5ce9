# shellcheck shell=bash
# test, bench, lint.

# Tests mostly wait: for limits that are over, for servers that start. What measures time or keeps both cores busy says so to
# ctest (RUN_SERIAL, PROCESSORS).
readonly tests_at_once=2

# run_lane PRESET LABEL…: builds the preset and runs its tests; without a label all but the long ones.
run_lane () {
  local preset=$1 folder=$BUILD labels label known
  shift
  [ "$preset" = release ] || folder=$BUILD-$preset
  build_preset "$preset" || return 1
  for label in "$@"; do
    known=$(ctest --test-dir "$folder" --print-labels | sed -n 's/^  //p')
    grep -qxF -e "$label" <<<"$known" ||
      fail "there are no tests called $label; there are: $(xargs <<<"$known"), and crash, storm, long"
  done
  labels=$(IFS='|'; echo "$*")
  if [ -n "$labels" ]; then
    set -- --no-tests=error --label-regex "^($labels)\$"
  else
    set -- --label-exclude '^long$'
  fi
  ctest --test-dir "$folder" --output-on-failure --parallel "$tests_at_once" "$@"
}

# What CI runs at night. The label `long` is for what only this runs: more troubles for the models, the long storm.
run_long_tests () {
  local status=0
  # Both lanes, whatever the first one finds: a night is too long for one finding.
  run_lane tsan unit scenario || status=1
  run_lane asan crash crash-walk long || status=1
  return "$status"
}

# run_crash_test FOLDER FILE: one of tests/crash/ alone, with the programs of that build.
run_crash_test () (
  export PROGRAMS=$1/bin
  cd tests/crash || return
  ../support/with-postgres ../support/with-kafka python3 -B "$2"
)

# test crash --without GUARD: must fail, and say which property of the protocol is violated.
run_without () {
  build_preset debug
  CRASH_WITHOUT=$1 run_crash_test "$BUILD-debug" without_guards_test.py
}

# test storm: the long one. STORM_CLAIMS and CRASH_SEED are its caller's to set.
run_storm () {
  build_preset release
  STORM_CLAIMS=${STORM_CLAIMS:-1000} run_crash_test "$BUILD" storm_test.py
}

# What CI runs. ctest's summary is the last thing printed and its status is ours.
run_tests () {
  mkdir -p "$BUILD"
  setup --kafka --test
  case $* in
    'crash --without '?*) run_without "$3" ;;
    crash) run_lane debug crash-walk; run_lane release crash ;;
    storm) run_storm ;;
    fuzz) run_lane asan fuzz ;;
    long) run_long_tests ;;
    '')
      # Tests that need nothing but the code also run with the sanitizers; whatever they find ends the run here.
      run_lane asan unit scenario fuzz
      run_lane debug crash-walk
      run_lane release
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
  local name=$1 seconds=${2-300} folder=$BUILD-fuzz/fuzz fuzzer status=0
  list_fuzzers | grep -qxF -e "$name" || fail "there is no fuzz target called $name; there are: $(list_fuzzers | xargs)"
  [[ $seconds =~ ^[1-9][0-9]*$ ]] || fail "how long is a number of seconds, not $seconds"
  setup --fuzz
  build_preset fuzz
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
  setup --kafka
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
