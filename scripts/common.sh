# Shared by the scripts of this folder: where things are, and how they speak. Sourced, not run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Everything fetched or made beside the build: the Python environment, Trino. Safe to delete.
CACHE=${TRINO_GATEWAY_CACHE:-$ROOT/.cache}
VENV=$CACHE/venv

say() { printf '== %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# version_at_least HAVE WANT: compares dotted version numbers.
version_at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# Prints the major version of the `java` on the PATH, 0 when there is none.
java_major() {
  local line
  line=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1) || true
  printf '%s\n' "${line:-0}"
}

# Prints the version of the `go` on the PATH, 0 when there is none.
# GOTOOLCHAIN=local: a go.mod in the current folder must not make it fetch another toolchain.
go_version() {
  local line
  line=$(GOTOOLCHAIN=local go version 2>/dev/null | sed -n 's/^go version go\([0-9.]*\).*/\1/p') || true
  printf '%s\n' "${line:-0}"
}

# Prints the version of the `node` on the PATH, 0 when there is none.
node_version() {
  local line
  line=$(node --version 2>/dev/null | sed -n 's/^v\([0-9.]*\)$/\1/p') || true
  printf '%s\n' "${line:-0}"
}
