"""`python -m tests.scenarios.stops`: write docs/stops.md, the page of all stops and the scenarios that show them."""

import contextlib
import io
import sys
from pathlib import Path

import pytest

from run_milestone.model import Kind, Tier
from run_milestone.policy.stops import AUTONOMOUS, STOPS
from run_milestone.render.phrases import PURPOSE

CHECKOUT = Path(__file__).parents[3]
PAGE = """\
# Stops

What a run finds that a person should know of. **hard** waits for an answer, and holds up only what depends on it; \
**label** puts a label on the pull request and goes on; **note** is only said. "Alone" is what `--autonomous` does. \
`run-milestone doctor --stops` prints the first table; it is made from `policy.py`, as this page is.

| stop | kind | found by | tier | answers or label | alone |
| --- | --- | --- | --- | --- | --- |
{stops}

`fix`, `retry` and `restart` are offered while attempts remain (`limits: {{attempts: 2}}`), counted over all runs. \
A critical finding of a review cannot be approved. A plan can offer fewer answers (`decisions: {{size: [skip]}}`), \
never more; `abort` always is.

{verbs}

## Proven by

Each stop is found, and left by each answer, in a scenario that runs `run-milestone` on a real repository. \
`pytest tests/scenarios/stops` runs them all. This page is written by \
`python -m tests.scenarios.stops > docs/stops.md`, which fails where a stop or an answer has no scenario; \
a test fails where the page is out of date.

| stop | shown | scenario |
| --- | --- | --- |
{proofs}
"""


class Collected:
    """What pytest finds: for each stop and answer, the scenario that is marked with it."""

    def __init__(self):
        self.scenarios = {}

    def pytest_collection_finish(self, session):
        for item in session.items:
            for mark in item.iter_markers("stop"):
                kind, answer = (*mark.args, None)[:2]
                self.scenarios.setdefault((kind, answer), item.nodeid)


def collect():
    """Return the scenarios of this folder."""
    collected = Collected()
    files = [str(path) for path in sorted(Path(__file__).parent.glob("test_*.py"))]
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        code = pytest.main(["--collect-only", "-n0", "-p", "no:cacheprovider", *files], plugins=[collected])
    if code != 0:
        sys.exit(output.getvalue())
    return collected.scenarios


def wanted():
    """What has to be shown: that a stop is found, each of its answers, and what a run does alone."""
    for kind, stop in STOPS.items():
        for answer in (None, *stop.verbs, AUTONOMOUS):
            yield kind, answer


def row(*cells):
    return f"| {' | '.join(cells)} |"


def stop_row(stop):
    answers = ", ".join(stop.verbs) if stop.tier is Tier.HARD else f"`{stop.label}`" if stop.label else "none"
    alone = ", then ".join(stop.autonomous) or ("waits" if stop.kind is Kind.HUMAN else "goes on")
    return row(stop.title, f"`{stop.kind}`", stop.found_by, stop.tier, answers, alone)


def proof_row(kind, answer, node):
    path, _, name = node.partition("::")
    return row(f"`{kind}`", answer or "found", f"[`{name}`](../{path})")


def page(scenarios):
    verbs = "\n".join(f"- `{verb}`: {purpose}." for verb, purpose in PURPOSE.items())
    proofs = "\n".join(proof_row(*key, scenarios[key]) for key in wanted())
    return PAGE.format(stops="\n".join(map(stop_row, STOPS.values())), verbs=verbs, proofs=proofs)


def main():
    scenarios = collect()
    missing = [f"{kind}: {answer or 'found'}" for kind, answer in wanted() if (kind, answer) not in scenarios]
    if missing:
        sys.exit("No scenario shows\n" + "\n".join(missing))
    sys.stdout.write(page(scenarios))


if __name__ == "__main__":
    main()
