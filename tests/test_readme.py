"""The README says what the program does: its plan is a plan, its tables are those of the code."""

import re
from pathlib import Path

import pytest

from run_milestone.commands import COMMANDS
from run_milestone.core.errors import ExitCode
from run_milestone.model import Verb
from run_milestone.policy.stops import STOPS
from run_milestone.render.phrases import PURPOSE

CHECKOUT = Path(__file__).parents[1]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def table(first):
    """The rows of the table whose first heading is `first`, as tuples of cells without backquotes."""
    _, _, rest = README.partition(f"\n| {first} | ")
    rows = rest.partition("\n\n")[0].splitlines()[2:]
    return [tuple(cell.strip().replace("`", "") for cell in re.split(r"(?<!\\)\|", row)[1:-1]) for row in rows]


def test_the_plan_shown_is_a_plan(ada):
    shown = re.search(r"```yaml\n(.*?)```", README, re.DOTALL).group(1)
    ada.plans(shown)
    checked = ada.types("plan", "check", "m1")
    assert (checked.code, checked.out) == (0, "✓ plans/m1/plan.yaml: 2 issues in 1 phase\n"), checked.err


def test_the_readme_shows_every_command(person):
    shown = {row[0].split()[1] for row in table("command")}
    assert shown - {"m4.1"} == set(COMMANDS) - {"run"}
    result = person.types("--help").out
    assert all(re.search(rf"^    {name} ", result, re.MULTILINE) for name in COMMANDS)


@pytest.mark.parametrize("command", [row[0] for row in table("command")])
def test_the_flags_shown_are_taken(person, command):
    name = re.sub(r"^run-milestone (m4\.1)?", "", command).split()
    words = [word for word in name if word.isalpha()][
        : 2 if re.match("run-milestone (plan|state|ci) ", command) else 1
    ] or ["run"]
    result = person.types(*words, "--help")
    assert result.code == 0
    assert all(flag in result.out for flag in re.findall(r"--[a-z]+", command))


def test_every_label_is_explained():
    shown = {label for row in table("a label, and the run goes on") for label in row[0].split(", ")}
    assert shown == {stop.label for stop in STOPS.values() if stop.label}


def test_the_exit_codes_are_those_of_the_program():
    assert [(int(code), name) for code, name, _ in table("code")] == [(code, code.name.lower()) for code in ExitCode]


def test_every_verb_is_explained():
    assert {row[0] for row in table("verb")} == set(Verb) == set(PURPOSE)
