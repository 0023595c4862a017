#!/usr/bin/env bash
# Measures direct access, HAProxy and the gateway side by side and prints one table a workload.
#
# All three take turns in a changing order, so that a drift of the machine hits them alike. The
# proxy under test has one CPU, the fake Trino and the load generator share another (bench/README.md).
# Tunable: BENCH_SECONDS, BENCH_ROUNDS, BENCH_BYTES, BENCH_WORKLOADS, BENCH_ALL=1 (all workloads),
# BENCH_CANDIDATES ("direct haproxy gateway"), GATEWAY_BINARY (else the release build is made),
# BENCH_HISTORY=true (the gateway records each query in its database, which HAProxy has no counterpart of),
# BENCH_CONTROL (0: without the control plane with many objects, which takes five minutes; only:
# nothing else), BENCH_MICRO (0: without the benchmarks of single parts, which come last; only:
# nothing else).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

SECONDS_EACH=${BENCH_SECONDS:-5}
ROUNDS=${BENCH_ROUNDS:-3}
BYTES=${BENCH_BYTES:-1073741824}  # of a large workload, each time
WORKLOADS="small large-1m"
if [ "${BENCH_ALL:-0}" = 1 ]; then WORKLOADS="small large-1m large-16m mixed connections newconn"; fi
WORKLOADS=${BENCH_WORKLOADS:-$WORKLOADS}
CANDIDATES=${BENCH_CANDIDATES:-direct haproxy gateway}
RESULTS=$ROOT/build/bench
GO_NEEDED=1.23

pids=()
stop_all() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
}
trap stop_all EXIT
trap 'exit 130' INT TERM

wants() { [[ " $CANDIDATES " = *" $1 "* ]]; }

# start NAME CPU COMMAND...: in the background, its output to a log file, its pid into $started.
start() {
  local name=$1 cpu=$2
  shift 2
  pin "$cpu" "$@" >"$RESULTS/$name.log" 2>&1 &
  started=$!
  pids+=("$started")
}

# pin CPU COMMAND...: a machine with one CPU has nothing to choose.
pin() {
  local cpu=$1
  shift
  if [ "$PROXY_CPU" = "$LOAD_CPU" ]; then exec "$@"; fi
  exec taskset -c "$cpu" "$@"
}

# await_url NAME PID URL: until it answers 200.
await_url() {
  local deadline=$((SECONDS + 30))
  until curl -sf -o /dev/null --max-time 2 "$3"; do
    if ! kill -0 "$2" 2>/dev/null || [ $SECONDS -ge $deadline ]; then
      cat "$RESULTS/$1.log" >&2
      die "$1 does not answer at $3; its output is above"
    fi
    sleep 0.1
  done
}

free_ports() {
  python3 - "$1" <<'PY'
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in sockets))
PY
}

prepare_tools() {
  if wants haproxy && ! command -v haproxy >/dev/null; then
    scripts/install.sh bench
    command -v haproxy >/dev/null || die "haproxy is missing: apt-get install haproxy, or" \
      "BENCH_CANDIDATES='direct gateway'"
  fi
  if ! version_at_least "$(go_version)" $GO_NEEDED; then
    PATH=$VENV/bin:$PATH
    version_at_least "$(go_version)" $GO_NEEDED || scripts/install.sh bench
  fi
  (cd bench && GOTOOLCHAIN=local go build -o bin/ ./cmd/...)
  if wants gateway; then prepare_gateway; fi
}

# The binary as the sources are now, unless another one is named.
prepare_gateway() {
  if [ -z "${GATEWAY_BINARY:-}" ]; then
    cmake --preset release >/dev/null
    cmake --build --preset release --target trino-gateway
    GATEWAY_BINARY=$ROOT/build/release/trino-gateway
  fi
  [ -x "$GATEWAY_BINARY" ] || die "no gateway at $GATEWAY_BINARY: run make build"
}

# The first two CPUs that this process may use: proxy, load.
choose_cpus() {
  local cpus
  mapfile -t cpus < <(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)), sep="\n")')
  PROXY_CPU=${cpus[0]}
  LOAD_CPU=${cpus[1]:-${cpus[0]}}
  if [ "$PROXY_CPU" = "$LOAD_CPU" ]; then
    say "one CPU only: proxy and load share it, rates and latencies say little"
  fi
}

# HAProxy as a reverse proxy is commonly set up, with the same duties as the gateway where it has them.
write_haproxy_config() {
  # A connection takes two descriptors; more than the limit allows, and HAProxy does not start.
  local most=$((($(ulimit -n) - 200) / 2))
  cat >"$RESULTS/haproxy.cfg" <<CFG
global
  nbthread 1
  maxconn $((most < 10000 ? most : 10000))
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 120s
  timeout server 120s
frontend clients
  bind 127.0.0.1:$HAPROXY_PORT
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  http-request set-header X-Forwarded-Port %[dst_port]
  default_backend trino
backend trino
  server fake1 127.0.0.1:$TRINO_PORT
CFG
}

write_gateway_config() {
  cat >"$RESULTS/gateway.yaml" <<CFG
workers: 1
listeners:
  - address: 127.0.0.1:$GATEWAY_PORT
admin:
  address: 127.0.0.1:$ADMIN_PORT
store:
  url: sqlite:$RESULTS/gateway.db
log:
  access: off
history:
  enabled: ${BENCH_HISTORY:-false}
routing:
  default_group: all
backends:
  - {id: fake1, url: http://127.0.0.1:$TRINO_PORT}
groups:
  - {id: all, backends: [fake1], strategy: round_robin}
CFG
}

start_servers() {
  read -r TRINO_PORT HAPROXY_PORT GATEWAY_PORT ADMIN_PORT < <(free_ports 4)
  start faketrino "$LOAD_CPU" bench/bin/faketrino -listen "127.0.0.1:$TRINO_PORT"
  await_url faketrino "$started" "http://127.0.0.1:$TRINO_PORT/v1/info"
  trino_pid=$started
  if wants haproxy; then
    write_haproxy_config
    start haproxy "$PROXY_CPU" haproxy -db -f "$RESULTS/haproxy.cfg"
    await_url haproxy "$started" "http://127.0.0.1:$HAPROXY_PORT/v1/info"
    haproxy_pid=$started
  fi
  if wants gateway; then
    write_gateway_config
    start gateway "$PROXY_CPU" "$GATEWAY_BINARY" serve --config "$RESULTS/gateway.yaml"
    # Answered by a backend, so this waits until the gateway has found it healthy, too.
    await_url gateway "$started" "http://127.0.0.1:$GATEWAY_PORT/v1/info"
    gateway_pid=$started
  fi
}

# measure CANDIDATE WORKLOAD ROUND: one run, its figures into a file.
measure() {
  local url=http://127.0.0.1 of=()
  case $1 in
    direct) url=$url:$TRINO_PORT ;;
    haproxy) url=$url:$HAPROXY_PORT of=(-pid "$haproxy_pid") ;;
    gateway) url=$url:$GATEWAY_PORT of=(-pid "$gateway_pid") ;;
  esac
  say "$2, round $3 of $ROUNDS: $1"
  (pin "$LOAD_CPU" bench/bin/loadgen -name "$1" -url "$url" "${of[@]}" -backend-pid "$trino_pid" \
    -workload "$2" -duration "${SECONDS_EACH}s" -total-bytes "$BYTES" -fail=false \
    -json "$RESULTS/$2.$3.$1.json" >>"$RESULTS/loadgen.log" 2>&1) ||
    die "loadgen failed, see $RESULTS/loadgen.log"
}

# The candidates of a round, rotated: each is first, second and last equally often.
turns() {
  local names
  read -ra names <<<"$CANDIDATES"
  local shift=$(($1 % ${#names[@]}))
  echo "${names[@]:shift}" "${names[@]:0:shift}"
}

run_all() {
  local workload round candidate
  for workload in $WORKLOADS; do
    for ((round = 1; round <= ROUNDS; round++)); do
      for candidate in $(turns "$round"); do measure "$candidate" "$workload" "$round"; done
    done
  done
}

report() {
  local files=() workload candidate
  for workload in $WORKLOADS; do
    # One after the other, so that the rows come in the candidates' order.
    for candidate in $CANDIDATES; do files+=("$RESULTS/$workload".*."$candidate.json"); done
  done
  bench/bin/compare -base haproxy "${files[@]}" | tee "$RESULTS/report.md"
  say "kept in build/bench/report.md"
}

# Single parts with a budget of their own, in one process and without a network: medians of the CPU
# time, which other processes disturb less than they do the elapsed one.
run_micro() {
  scripts/install.sh bench
  cmake --preset micro >/dev/null
  cmake --build --preset micro --target benchmarks
  local program
  for program in build/micro/bench/micro/*_benchmark; do
    say "$(basename "$program")"
    "$program" --benchmark_repetitions=9 --benchmark_min_time=0.05 \
      --benchmark_report_aggregates_only=true 2>/dev/null |
      awk '$1 ~ /_median$/ { printf "  %-28s %12.3f %s\n", $1, $4, $5 }'
  done
}

# The admin API with 10,000 policies: lists, changes until queries are routed by them, start.
run_control_plane() {
  scripts/install.sh test bench
  prepare_gateway
  export GATEWAY_BINARY
  say "control plane with many objects"
  PATH=$VENV/bin:$PATH
  (cd bench && GOTOOLCHAIN=local go build -o bin/ ./cmd/faketrino)
  "$VENV/bin/python" bench/control_plane.py
}

MICRO=${BENCH_MICRO:-1}
CONTROL=${BENCH_CONTROL:-1}
if [ "$MICRO" = only ]; then
  run_micro
  exit 0
fi
if [ "$CONTROL" = only ]; then
  run_control_plane
  exit 0
fi
prepare_tools
choose_cpus
rm -rf "$RESULTS"
mkdir -p "$RESULTS"
start_servers
run_all
report
if [ "$CONTROL" != 0 ]; then run_control_plane; fi
if [ "$MICRO" != 0 ]; then run_micro; fi
