"""`python -m tests.scenarios.stops [FOLDER]`: write the pages of all stops and of the scenarios that show them.

They are docs/reference/stops.md and docs/contributing/proofs.md. What a stop means and what to do about it stands in
docs/reference/stops.toml.
"""

import contextlib
import io
import sys
import tomllib
from pathlib import Path

import pytest

from run_milestone.model import Kind, Tier
from run_milestone.policy.stops import AUTONOMOUS, STOPS
from run_milestone.render.phrases import PURPOSE

CHECKOUT = Path(__file__).parents[3]
DOCS = CHECKOUT / "docs"
WORDS = "reference/stops.toml"
STOP_PAGE, PROOF_PAGE = "reference/stops.md", "contributing/proofs.md"
STOPS_TEXT = """\
<!-- Written by `python -m tests.scenarios.stops` from the stop table, the tests and stops.toml. -->

# Stops

A stop is something in a run that a person should know of. **hard** waits for an answer, and holds up only what \
depends on it. **label** puts a label on the pull request, and the run goes on. **note** is only shown. "Alone" is \
what [`--autonomous`](../guides/unattended.md) does. `run-milestone doctor --stops` prints the same table.

| stop | kind | found by | tier | answers or label | alone |
| --- | --- | --- | --- | --- | --- |
{stops}

- `fix`, `retry` and `restart` are offered while attempts remain (`limits: {{attempts: 2}}`), counted over all runs. A \
`retry` that asks no agent (`tool`, `failed`, `forge`, `checks-pending`) stays on offer.
- A critical finding of a review cannot be approved.
- A plan can offer fewer answers (`decisions: {{size: [skip]}}`), never more. `abort` always is.
- To answer, touch a file, or [one of the other ways](../explanation/approvals.md#how-to-answer).

| answer | what it does |
| --- | --- |
{verbs}

The samples are lines that the tests of the stops look for; in them `m1` is the milestone.

{sections}
"""
SECTION = """\
## {title}

{meaning}

```text
{sample}
```

**What to do:** {do}
"""
PROOFS_TEXT = """\
<!-- Written by `python -m tests.scenarios.stops`. -->

# Proofs of the stops

Each [stop](../reference/stops.md) is found, and left by each answer, in a scenario that runs `run-milestone` on a \
real repository. `pytest tests/scenarios/stops` runs them all. `python -m tests.scenarios.stops` writes this page and \
the page of the stops, and fails where a stop or an answer has no scenario. A test fails where a page is out of date.

| stop | shown | scenario |
| --- | --- | --- |
{proofs}
"""


class Collected:
    """What pytest collects: the scenario for each stop and answer, and a line that each stop prints."""

    def __init__(self):
        self.scenarios, self.samples = {}, {}

    def pytest_collection_finish(self, session):
        for item in session.items:
            for mark in item.iter_markers("stop"):
                kind, answer = (*mark.args, None)[:2]
                self.scenarios.setdefault((kind, answer), item.nodeid)
            parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
            cases = (*parameters, *getattr(item.module, "CASES", ()))
            for case in cases:
                if hasattr(case, "shown"):
                    self.samples.setdefault(case.kind, case.shown)


def collect():
    """Return what the scenarios of this folder show."""
    collected = Collected()
    files = [str(path) for path in sorted(Path(__file__).parent.glob("test_*.py"))]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = pytest.main(["--collect-only", "-n0", "-p", "no:cacheprovider", *files], plugins=[collected])
    if code != 0:
        sys.exit(printed.getvalue())
    return collected


def wanted():
    """What has to be shown: that a stop is found, each of its answers, and what a run does alone."""
    for kind, stop in STOPS.items():
        for answer in (None, *stop.verbs, AUTONOMOUS):
            yield kind, answer


def row(*cells):
    return f"| {' | '.join(cells)} |"


def stop_row(stop):
    answers = ", ".join(stop.verbs) if stop.tier is Tier.HARD else f"`{stop.label}`" if stop.label else "none"
    waits = ("waits",) if stop.kind in {Kind.HUMAN, Kind.PEOPLE_REVIEW, Kind.PEOPLE_MISSING} else ()
    alone = ", then ".join((*stop.autonomous, *waits)) or "goes on"
    link = f"[{stop.title}](#{anchor(stop.title)})"
    return row(link, f"`{stop.kind}`", stop.found_by, stop.tier, answers, alone)


def anchor(title):
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter == "-")


def section(stop, words, sample):
    lines = [sample + "…" * (sample.count("(") > sample.count(")") or sample.endswith("#"))]
    if stop.tier is Tier.HARD:
        opening = () if sample.startswith(("🛑", "✓")) else (f"🛑 {stop.title}", "")
        lines = [*opening, *lines, "", " | ".join(stop.verbs)]
    if stop.label:
        lines.append(f"✓ Label: {stop.label}")
    return SECTION.format(title=stop.title, sample="\n".join(lines), meaning=words["meaning"], do=words["do"])


def proof_row(kind, answer, node):
    return row(f"`{kind}`", answer or "found", f"`{node}`")


def pages(collected, words):
    """Return the text of each page."""
    stops = "\n".join(map(stop_row, STOPS.values()))
    verbs = "\n".join(row(f"`{verb}`", purpose) for verb, purpose in PURPOSE.items())
    sections = (
        section(stop, words[kind], words[kind].get("sample") or collected.samples[kind]) for kind, stop in STOPS.items()
    )
    proofs = "\n".join(proof_row(*key, collected.scenarios[key]) for key in wanted())
    return {
        STOP_PAGE: STOPS_TEXT.format(stops=stops, verbs=verbs, sections="\n".join(sections).strip()),
        PROOF_PAGE: PROOFS_TEXT.format(proofs=proofs),
    }


def missing(collected, words):
    """What the pages lack: scenarios, words, samples."""
    for kind, answer in wanted():
        if (kind, answer) not in collected.scenarios:
            yield f"no scenario shows {kind}: {answer or 'found'}"
    for kind in STOPS:
        if kind not in words:
            yield f"docs/{WORDS} has no [{kind}] with meaning and do"
        elif not words[kind].get("sample") and kind not in collected.samples:
            yield f"docs/{WORDS} has no sample for [{kind}], and no test case has one"
    for kind in words.keys() - STOPS.keys():
        yield f"docs/{WORDS} has [{kind}], which is no stop"


def main():
    folder = Path(sys.argv[1]) if sys.argv[1:] else DOCS
    words = tomllib.loads((DOCS / WORDS).read_text(encoding="utf-8"))
    collected = collect()
    if lacks := list(missing(collected, words)):
        sys.exit("\n".join(lacks))
    for name, text in pages(collected, words).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
