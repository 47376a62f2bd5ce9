# shellcheck shell=bash
# build: CMake's presets, told little when all is well.

# build_preset NAME [CMAKE-ARGUMENT…]; the preset's folder is build/ or build-NAME/.
build_preset () {
  local preset=$1
  shift
  # In CI a warning fails the build; on a user's machine a newer compiler must not.
  [ "${CI-}" != true ] || set -- "$@" -DWARNINGS_ARE_ERRORS=ON
  [ ! -x .venv/bin/python3 ] || set -- "$@" -DTEST_PYTHON="$ROOT/.venv/bin/python3"
  if ! command -v cmake >/dev/null || ! command -v ninja >/dev/null; then
    fail "no compiler yet: run ./dev setup"
  fi
  cmake --preset "$preset" "$@" >"$BUILD/configure-$preset.log" 2>&1 || {
    cat "$BUILD/configure-$preset.log" >&2
    fail "cmake could not configure the $preset build"
  }
  cmake --build --preset "$preset"
}

build_release () {
  mkdir -p "$BUILD"
  build_preset release
}

# For routines that need the programs and are not about building: silent unless it fails.
build_if_needed () {
  local output=$BUILD/build.log
  mkdir -p "$BUILD"
  [ -e "$BUILD/build.ninja" ] || say "build: compiling (once, about a minute)"
  (build_release) >"$output" 2>&1 || {
    # The compiler's errors, or CMake's with the lines that say why.
    grep -E -A 8 'CMake Error|error:|FAILED' "$output" >&2 || tail -n 20 "$output" >&2
    fail "the build failed, see build/build.log"
  }
}
