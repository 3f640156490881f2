"""Every kind of change is found in the tier that it deserves. What is wrong is never silent.

`python tests/checks/test_tiers.py` writes `docs/reference/checks.md`, the page of what is found.
"""

import importlib.metadata
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

if __name__ == "__main__":  # as a program it has no pytest that knows these folders
    sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from support import dependency_samples, migration_samples
from support.tiers import change_of, judged, table

from run_milestone.checks import dependencies, migrations

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "checks.md"
KINDS = (
    ("Dependencies", dependency_samples.SAMPLES, dependencies.check),
    ("Migrations", migration_samples.SAMPLES, migrations.check),
)
HEAD = """\
# What checks find

Each row is a change that a test makes and inspects. A **stop** waits for a person, a **label** goes on the pull
request. [Stops](stops.md) says what to do about each. `expected` is the tier that a lead would want, `found` is what
the checks of this version say.
"""


def ids(sample):
    return f"{sample.ecosystem}: {sample.what}"


def look(folder, sample, check):
    """Make the change of a sample and return its row."""
    after = sample.after
    if sample.ecosystem == "poetry":
        major, minor, *_ = importlib.metadata.version("packaging").split(".")
        after = {path: text.format(major=major, minor=minor) for path, text in after.items()}
    return judged(sample, tuple(check(change_of(folder, sample.before, after, dependency_samples.LICENCES))))


@pytest.mark.parametrize("sample", dependency_samples.SAMPLES, ids=ids)
def test_a_dependency_change_is_found_in_its_tier(tmp_path, sample):
    row = look(tmp_path, sample, dependencies.check)
    assert row.actual == sample.expected, row


@pytest.mark.parametrize("sample", migration_samples.SAMPLES, ids=ids)
def test_a_migration_is_found_in_its_tier(tmp_path, sample):
    row = look(tmp_path, sample, migrations.check)
    assert row.actual == sample.expected, row


def test_the_page_shows_every_sample():
    page = PAGE.read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    samples = [sample for _, samples, _ in KINDS for sample in samples]
    silent = [line for line in rows if "| stop | label |" in line or "| nothing |" in line.partition("| stop |")[2]]
    print(f"figure: checks: {len(samples)} samples, wrong silently: {len(silent)}")
    assert len([name for name, samples, _ in KINDS if len(samples) >= 60]) == len(KINDS)
    assert [ids(one) for one in samples if f"| {one.ecosystem} | {one.what} | {one.expected} | " not in page] == []
    assert silent == []


def page():
    """Return the page, made by inspecting every sample."""
    text = HEAD
    for title, samples, check in KINDS:
        rows = []
        for sample in samples:
            with tempfile.TemporaryDirectory() as folder:
                rows.append(look(Path(folder), sample, check))
        count = Counter(row.actual for row in rows)
        silent, wrong = sum(row.is_silent for row in rows), sum(row.is_wrong for row in rows)
        text += f"\n## {title}\n\n{len(rows)} changes: {count['stop']} stops, {count['label']} labels, "
        text += f"{count['nothing']} without a word. Wrong: {wrong}, wrong silently: {silent}.\n\n"
        text += f"{table(rows)}\n"
    _, title, rest = PAGE.read_text(encoding="utf-8").partition("\n## Git filters\n")  # written by hand
    return f"{text}{title}{rest}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
