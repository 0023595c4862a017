#!/usr/bin/env bash
# Two real Trino servers, the gateway in front of them, a query through it; stays up until Ctrl-C.
# DEMO_ONCE=1: stops by itself after the query.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

scripts/install.sh build demo
say "building the gateway (the first time takes some minutes)"
cmake --preset release >/dev/null
cmake --build --preset release
exec "$VENV/bin/python" scripts/demo.py
