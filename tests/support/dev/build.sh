# shellcheck shell=bash
# build: the presets of lib/cmake/presets/, told little when all is well.

# folder_of PRESET: build/ for what ships, else build-PRESET/.
folder_of () {
  case $1 in
    release) echo "$BUILD" ;;
    *) echo "$BUILD-$1" ;;
  esac
}

# configure_preset NAME
configure_preset () {
  local preset=$1
  shift
  # In CI a warning fails the build; on a user's machine a newer compiler must not.
  [ "${CI-}" != true ] || set -- "$@" -DWARNINGS_ARE_ERRORS=ON
  [ ! -x .venv/bin/python3 ] || set -- "$@" -DTEST_PYTHON="$ROOT/.venv/bin/python3"
  if ! command -v cmake >/dev/null || ! command -v ninja >/dev/null; then
    fail "no compiler yet: run ./dev setup"
  fi
  cmake -G Ninja -C "lib/cmake/presets/$preset.cmake" -S . -B "$(folder_of "$preset")" "$@" >"$BUILD/configure-$preset.log" 2>&1 || {
    cat "$BUILD/configure-$preset.log" >&2
    fail "cmake could not configure the $preset build"
  }
}

# build_preset NAME [TARGET]
build_preset () {
  configure_preset "$1"
  cmake --build "$(folder_of "$1")" --target "${2-all}"
}

# All but the programs of unit and fuzz tests.
build_release () {
  mkdir -p "$BUILD"
  build_preset release programs
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
