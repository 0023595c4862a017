"""Where things are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
E2E = ROOT / "tests" / "e2e"
CACHE = Path(os.environ.get("TRINO_GATEWAY_CACHE", ROOT / ".cache"))
# The program under test; another one can be given, one of another preset, say.
GATEWAY = Path(os.environ.get("GATEWAY_BINARY", ROOT / "build" / "release" / "trino-gateway"))
