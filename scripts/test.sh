#!/usr/bin/env bash
# Builds and runs every test: all rooms' unit tests under sanitizers, real databases and identity
# providers, the admin API, faults, end to end.
#
# Goes on after a failed step, so that one run shows all that is broken; the runners' closing lines
# are repeated at the end.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

export PATH=$VENV/bin:$PATH

LOGS=$(mktemp -d)
FAILED=$(mktemp)
control=  # process group of the step that runs beside others
end() {
  if [ -n "$control" ]; then kill -- "-$control" 2>/dev/null || true; fi
  rm -rf "$LOGS" "$FAILED"
}
trap end EXIT

# step NAME COMMAND...: runs it, shows and keeps its output.
step() {
  local name=$1 began=$SECONDS
  shift
  say "$name"
  if "$@" 2>&1 | tee "$LOGS/$name"; then
    say "$name: passed in $((SECONDS - began)) s"
  else
    say "$name: FAILED after $((SECONDS - began)) s"
    echo "$name" >>"$FAILED"
  fi
}

# build PRESET [TARGET]
build() { cmake --preset "$1" && cmake --build --preset "$1" --target "${2:-all}"; }

# Prints what ctest and pytest said last.
closing_lines() {
  local log
  for log in "$LOGS"/*; do
    grep -hE '^[0-9]+% tests passed|^Total Test time|^=+ .*(passed|failed|error|no tests ran).* =+$' "$log" |
      sed "s/^/$(basename "$log"): /" || true
  done
}

scripts/install.sh build test bench
# Unit tests run under sanitizers only: building them twice is half of the time.
build release programs
build asan unit_tests
# Most of 5-control is waiting, for leases to end and databases to come back: others run meanwhile.
set -m  # a process group of its own, so that all of it can be ended
TEST_PORTS=15000-22999 step 5-control "$VENV/bin/python" -m pytest tests/control \
  >"$LOGS/.shown_later" 2>&1 </dev/null &
control=$!
set +m
export TEST_PORTS=23000-31999
step 1-unit ctest --preset asan --parallel 2
step 2-databases "$VENV/bin/python" -m pytest tests/databases
step 3-identity "$VENV/bin/python" -m pytest tests/identity
step 4-sql "$VENV/bin/python" -m pytest tests/sql
step 6-admin "$VENV/bin/python" -m pytest tests/admin
wait "$control" || true
control=
cat "$LOGS/.shown_later"
step 7-faults "$VENV/bin/python" -m pytest tests/faults
step 8-e2e "$VENV/bin/python" -m pytest tests/e2e

say "all steps are done in $((SECONDS / 60)) min $((SECONDS % 60)) s"
closing_lines
if [ -s "$FAILED" ]; then die "failed: $(paste -sd ' ' "$FAILED")"; fi
