"""The table of events in docs/operations.md is complete, and has the levels that are logged."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r'"([a-z_]+\.[a-z_]+)"')
CALL = re.compile(r"\bEvent\((.*?)(?:\{\{|\{\}|\);|std::span)", re.S)  # up to the first field
LEVEL = re.compile(r"\bk(Error|Warn|Info|Debug)\b")


def sources():
    return [path.read_text() for path in sorted((ROOT / "src").rglob("*.cc"))
            if not path.name.endswith("_test.cc")]


def logged():
    """Name -> levels, of calls that name one event and one level."""
    found = {}
    for text in sources():
        for call in CALL.findall(text):
            names, levels = NAME.findall(call), LEVEL.findall(call)
            if len(names) == 1 and len(levels) == 1:
                found.setdefault(names[0], set()).add(levels[0].lower())
    return found


def documented():
    """Name -> levels; a row has one level for all of its events, or one for each."""
    found = {}
    for line in (ROOT / "docs/operations.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        levels = cells[2].split(", ") if len(cells) > 3 else []
        if not levels or not set(levels) <= {"error", "warn", "info", "debug"}:
            continue
        names = re.findall(r"`([a-z_.]+)`", cells[1])
        if len(levels) == 1:
            levels *= len(names)
        found.update((name, {level}) for name, level in zip(names, levels, strict=True))
    return found


def test_every_event_of_the_code_is_in_the_table_with_its_level():
    events, table = logged(), documented()
    assert len(events) > 40, "the calls were not found"
    assert {name: levels for name, levels in events.items() if table.get(name) != levels} == {}


def test_every_event_of_the_table_is_in_the_code():
    known = {name for text in sources() for name in NAME.findall(text)} | {"access"}
    assert documented().keys() - known == set()
