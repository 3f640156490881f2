"""Milestones of any shape: a stopped issue holds up what depends on it and its barrier, and nothing else.

Every run a few shapes; `pytest -m torture tests/test_dags.py` tries sixty.
"""

import json
import random
import sys
from dataclasses import dataclass, field

import pytest

AGENT = (
    "import re, sys; n = re.search('Make part ([0-9]+)', sys.stdin.read())[1]; open(f'part_{n}.py', 'w').write('P = 1')"
)
TEST = "import pathlib, sys; sys.exit(any(pathlib.Path(f'part_{{n}}.py').exists() for n in {failing}))"
PLAN = """\
id: m1
title: Parts
agent: {agent}
commands: {{lint: ["true"], test: {test}, review: [printf, "[]"]}}
phases:
"""


@dataclass
class Shape:
    """Issues by phase, what each depends on, and which of them always fail their tests."""

    phases: list[list[int]]
    needs: dict[int, list[int]]
    failing: set[int]
    jobs: int
    skipped: set[int] = field(default_factory=set)
    passed: set[int] = field(default_factory=set)

    def __str__(self):
        shown = (f"{name} {value}" for name, value in vars(self).items())
        return ", ".join(shown)

    def stands(self):
        """What is done and what waits, by the words of the contract."""
        done, gates = set(), {}
        for number, issues in enumerate(self.phases, 1):
            for issue in self.in_order(issues):
                if issue in self.skipped or not all(other in done | self.skipped for other in self.needs[issue]):
                    continue
                if self.skipped.intersection(self.needs[issue]):
                    gates[f"{issue:02}"] = "blocked"
                elif issue in self.failing:
                    gates[f"{issue:02}"] = "tests"
                else:
                    done.add(issue)
            if not set(issues) <= done | self.skipped:
                break
            if number not in self.passed:
                gates[f"phase-{number}"] = "phase"
                break
        return done, gates

    def in_order(self, issues):
        """An issue may depend on a later one of its phase."""
        left = list(issues)
        while left:
            ready = next(issue for issue in left if not set(self.needs[issue]) & set(left))
            left.remove(ready)
            yield ready


def shape(rng):
    """Five to nine issues in up to three phases; each may need some that come no later than its own phase."""
    numbers = list(range(1, rng.randint(5, 9) + 1))
    cuts = sorted(rng.sample(numbers[1:], rng.randint(0, 2)))
    phases = [[n for n in numbers if low <= n < high] for low, high in zip([1, *cuts], [*cuts, 99], strict=True)]
    order = [issue for issues in phases for issue in rng.sample(issues, len(issues))]
    needs = {
        issue: sorted(rng.sample(order[:place], min(place, rng.choice((0, 0, 1, 1, 2)))))
        for place, issue in enumerate(order)
    }
    failing = {issue for issue in numbers if rng.random() < 0.25}
    return Shape(phases, needs, failing, rng.choice((1, 2, 4)))


def plays(person, shape):
    """Run and answer some open questions at a time until nothing is left; returns the runs, and what began in them."""
    write(person, shape)
    rng = random.Random(str(shape))
    for runs in range(1, 60):
        code = person.types("m1", "--jobs", str(shape.jobs)).code
        done, gates = shape.stands()
        assert stands(person) == (done, gates), shape
        assert code == (3 if gates else 0), shape
        began, too_soon = starts(person, shape)
        assert not too_soon, shape
        if not gates:
            return runs, began, too_soon
        for gate in rng.sample(sorted(gates), rng.randint(1, len(gates))):
            answer(person, shape, gate)
    raise AssertionError(f"never complete: {shape}")


def write(person, shape):
    agent = {"kind": "command", "command": [sys.executable, "-S", "-c", AGENT]}
    test = [sys.executable, "-S", "-c", TEST.format(failing=sorted(shape.failing))]
    text = PLAN.format(agent=json.dumps(agent), test=json.dumps(test))
    for issues in shape.phases:
        rows = [
            {"number": n, "title": f"Make part {n}", "criteria": ["It is there"], "depends_on": shape.needs[n]}
            for n in issues
        ]
        text += f"  - issues: {json.dumps(rows)}\n"
    person.plans(text)


def stands(person):
    """What is done and what waits, by the files."""
    state = person.folder / "state/m1"
    gates = {path.stem: json.loads(path.read_text())["kind"] for path in (state / "gates").glob("*.json")}
    summary = json.loads((state / "summary.json").read_text())
    done = {int(row["number"]) for row in summary["per_issue"] if row["status"] == "done"}
    return done, gates


def answer(person, shape, gate):
    if gate.startswith("phase"):
        person.touches(f"{gate}.continue", milestone="m1")
        shape.passed.add(int(gate.removeprefix("phase-")))
    else:
        person.touches(f"{gate}.skip", milestone="m1")
        shape.skipped.add(int(gate))


def starts(person, shape):
    """The issues that began, and those that did before all they depend on was done or skipped and their phase open."""
    came, began, too_soon = set(), [], []
    for line in (person.folder / "state/m1/journal.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["event"] == "decision" and entry["verb"] == "skip":
            came.add(int(entry["gate"]))
        task = entry.get("task", "") if entry["event"] == "done" else ""
        issue, _, step = task.partition(":")
        if step == "branch":
            began.append(issue)
            too_soon += [issue] if not came >= {*shape.needs[int(issue)], *before(shape, int(issue))} else []
        if step == "review-gate":
            came.add(int(issue))
        if task.startswith("phase-"):
            came.add(task)
    return began, too_soon


def before(shape, issue):
    """The barriers that an issue waits for."""
    phase = next(number for number, issues in enumerate(shape.phases, 1) if issue in issues)
    return {f"phase-{number}" for number in range(1, phase)}


@pytest.mark.parametrize("seed", range(3))
def test_a_random_milestone_matches_the_model(ada, seed):
    runs, began, too_soon = plays(ada, shape(random.Random(seed)))
    print(f"figure: wrong starts in a milestone of any shape: {len(too_soon)} of {len(began)} in {runs} runs")


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(100, 160))
def test_sixty_random_milestones_match_the_model(ada, seed):
    test_a_random_milestone_matches_the_model(ada, seed)
