# shellcheck shell=bash
# setup: installs what is missing, and is fast when nothing is.
#
# Debian packages by the lists of packages.txt; the jars of Apache Kafka by Maven into a cache that
# all checkouts of one user share; Python packages that only tests need into .venv.

# The packages of the named lists.
packages_of () {
  awk -v lists=" $* " '
    /^\[/ { list = substr ($0, 2, length ($0) - 2); next }
    NF && !/^#/ && index (lists, " " list " ")' "$SUPPORT/packages.txt"
}

missing_packages () {
  local wanted
  wanted=$(packages_of "$@")
  # One query for all; a package that dpkg has never heard of is only told on stderr.
  # shellcheck disable=SC2086
  { dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null || true; } |
    awk -v wanted="$wanted" '
      $1 == "installed" { have[$2] = 1 }
      END { n = split (wanted, names, "\n"); for (i = 1; i <= n; i++) if (!(names[i] in have)) print names[i] }'
}

install_packages () {
  local as_root=() missing
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  mapfile -t missing <<<"$missing"
  if ! command -v apt-get >/dev/null; then
    fail "these Debian packages, or what your system calls them, have to be installed: ${missing[*]}"
  fi
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "not root and no sudo; as root run: apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo)
  fi
  say "setup: installing ${missing[*]}"
  # Debian's package would make a cluster and start it; ours is a scratch one of each run. The file
  # is taken away again so that a PostgreSQL which the user installs later behaves as usual.
  local setting=/etc/postgresql-common/createcluster.d/dependents-pipeline.conf status=0
  local quiet=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  "${as_root[@]}" mkdir -p "${setting%/*}"
  printf 'create_main_cluster = false\n' | "${as_root[@]}" tee "$setting" >/dev/null
  { "${as_root[@]}" "${quiet[@]}" update &&
      "${as_root[@]}" "${quiet[@]}" install -y --no-install-recommends "${missing[@]}"; } \
    >"$SETUP_LOG" 2>&1 </dev/null || status=$?
  "${as_root[@]}" rm -f "$setting"
  # Nor does anybody want these to run by themselves: tests start their own.
  local package
  for package in prometheus etcd-server containerd; do
    if [[ " ${missing[*]} " == *" $package "* ]] && command -v systemctl >/dev/null; then
      "${as_root[@]}" systemctl disable --now "${package%-server}.service" >>"$SETUP_LOG" 2>&1 || true
    fi
  done
  [ "$status" -eq 0 ] || { tail -n 20 "$SETUP_LOG" >&2; fail "apt-get failed, see $SETUP_LOG"; }
}

# Where the jars lie is with-kafka's business; here they are only fetched if need be.
fetch_kafka () {
  "$SUPPORT/with-kafka" --prepare >/dev/null
}

# helm, and what the chart is held against, built by Go into the same cache.
fetch_chart_tools () {
  TEST_PYTHON=$ROOT/.venv/bin/python3 "$ROOT/tests/chart/fetch-tools" >/dev/null
}

# A Kubernetes, built by Go into the same cache.
fetch_cluster () {
  TEST_PYTHON=$ROOT/.venv/bin/python3 "$ROOT/tests/kubernetes/fetch-cluster" >/dev/null
}

install_python_packages () {
  local wanted=$ROOT/tests/requirements.txt
  [ -e "$wanted" ] || return 0
  ! cmp -s "$wanted" .venv/installed.txt || return 0
  say "setup: installing Python packages for tests into .venv"
  rm -rf .venv
  { /usr/bin/python3 -m venv .venv && .venv/bin/pip -q --disable-pip-version-check install -r "$wanted"; } \
    >"$SETUP_LOG" 2>&1 || { tail -n 20 "$SETUP_LOG" >&2; fail "pip failed, see $SETUP_LOG"; }
  cp "$wanted" .venv/installed.txt
}

# The AsyncAPI parser, pinned by its lock file; scripts of packages are not run.
install_node_packages () {
  local folder=$ROOT/tests/integration/asyncapi
  ! cmp -s "$folder/package-lock.json" "$folder/node_modules/installed.json" || return 0
  command -v npm >/dev/null || install_packages node
  say "setup: installing the AsyncAPI parser for tests"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund) >"$SETUP_LOG" 2>&1 ||
    { tail -n 20 "$SETUP_LOG" >&2; fail "npm failed, see $SETUP_LOG"; }
  cp "$folder/package-lock.json" "$folder/node_modules/installed.json"
}

setup () {
  local lists=(build run) kafka=no test=no chart=no cluster=no reader=no argument
  for argument in "$@"; do
    case $argument in
      --kafka) kafka=yes lists+=(kafka) ;;
      --test) test=yes lists+=(test) ;;
      --chart) test=yes chart=yes lists+=(test) ;;
      --image) lists+=(image image-tools) ;;
      --kubernetes) test=yes chart=yes cluster=yes lists+=(test kubernetes) ;;
      --browser) lists+=(browser) ;;
      --reader) reader=yes lists+=(reader) ;;
      --fuzz) lists+=(fuzz) ;;
      --bench) lists+=(bench) ;;
      *) wrong_usage ;;
    esac
  done
  mkdir -p "$BUILD"
  SETUP_LOG=$BUILD/setup.log
  install_packages "${lists[@]}"
  [ "$kafka" = no ] || fetch_kafka
  [ "$test$reader" = nono ] || install_python_packages
  [ "$test" = no ] || install_node_packages
  [ "$chart" = no ] || fetch_chart_tools
  [ "$cluster" = no ] || fetch_cluster
}
