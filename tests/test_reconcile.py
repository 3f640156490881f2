"""Between two runs people change the plan, the branches, the pull requests and their minds: nothing is lost, all is said."""

import json
import shutil
import sys

import pytest

AGENT = """
import pathlib, re, sys
part = re.search("Make part ([a-z]+)", sys.stdin.read())[1]
pathlib.Path(f"part_{part}.py").write_text(f"PART = {part!r}\\n")
print("made part", part)
"""
SETTINGS = {
    "id": "m1",
    "title": "Parts",
    "agent": {"kind": "command", "command": [sys.executable, "-c", AGENT]},
    "commands": {"lint": ["true"], "test": ["true"], "review": [sys.executable, "-c", "print('[]')"]},
}


def issue(number, part, **more):
    return {"number": number, "title": f"Make part {part}", "criteria": [f"Part {part} is there"], **more}


A, B, C = issue(1, "a"), issue(2, "b"), issue(3, "c", depends_on=[2])


def plan(person, *phases, **settings):
    """Write a plan; JSON is YAML."""
    text = json.dumps({**SETTINGS, **settings, "phases": [{"issues": list(issues)} for issues in phases]}, indent=1)
    (person.folder / "plans/m1/plan.yaml").write_text(text)


@pytest.fixture(scope="module")
def start(tmp_path_factory, somebody):
    """A project whose first phase waits for a person; its two issues are done."""
    folder = tmp_path_factory.mktemp("start") / "home" / "widgets"
    folder.mkdir(parents=True)
    ada = somebody(folder)
    ada.git("init", "--quiet", "--initial-branch=main", where=".")
    ada.git("commit", "--quiet", "--allow-empty", "--message=Start", where=".")
    ada.types("init")
    plan(ada, [A, B], [C])
    told = ada.types("m1")
    assert told.code == 3, told.out + told.err
    assert "✓ Phase 1 complete — 2 PRs ready" in told.out, told.out
    return ada


@pytest.fixture
def ada(start, in_a_copy):
    return in_a_copy(start, "ada")


@pytest.fixture
def later(start, in_a_copy):
    """The same after the second phase: the whole milestone waits for its last barrier."""
    ada = in_a_copy(start, "later")
    answer(ada, "phase-1.continue")
    return ada


def answer(person, *names):
    """Touch approval files, run again, and return what was said."""
    person.touches(*names, milestone="m1")
    return person.types("m1")


def forge(person):
    return person.folder / ".git/run-milestone/remote.forge/pulls"


def pulls(person):
    """The pull requests: number, state and whether it is a draft."""
    rows = [json.loads(path.read_text()) for path in sorted(forge(person).glob("*.json"))]
    return [(row["number"], row["state"], row["draft"]) for row in rows]


def pull(person, number, **what):
    """Change a pull request on the forge, as a person would there."""
    path = forge(person) / f"{number}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **what}))


def asked(person):
    return [gate["gate"] for gate in json.loads(person.types("gates", "m1", "--json").out)]


# ---- a skip taken back --------------------------------------------------------------------------------------------


def test_a_skip_is_taken_back_with_all_that_followed_from_it(ada):
    answer(ada, "02.skip")
    assert pulls(ada)[1] == (2, "open", True)
    told = answer(ada, "phase-1.continue")
    assert "it depends on issue #02, which was skipped" in told.out

    told = ada.types("decide", "m1", "2", "unskip", "--reason", "the customer wants it")
    assert told.code == 0, told.err
    told = ada.types("m1")
    assert '↩ Issue #02 is taken up again\n\nRecorded: "the customer wants it"' in told.out
    assert pulls(ada) == [(1, "open", False), (2, "open", False)], "its pull request is ready again"
    assert "✓ Phase 1 complete — 2 PRs ready" in told.out, "its phase is asked again"
    assert asked(ada) == ["phase-1"]

    told = answer(ada, "phase-1.continue")
    assert "✓ PR #3 created" in told.out, "what depends on it goes on"
    assert ada.types("decide", "m1", "2", "unskip").code == 2, "once"


def test_a_phase_is_skipped_as_it_is_and_taken_up_again(ada):
    answer(ada, "phase-1.continue", "phase-2.skip-phase")
    assert "⏭ #03" in ada.types("status", "m1").out
    told = answer(ada, "phase-2.unskip")
    assert "↩ Phase 2 is taken up again" in told.out
    assert "✓ PR #3 created" in told.out
    assert asked(ada) == ["phase-2"]


def test_what_was_not_skipped_is_not_taken_back(ada):
    refused = ada.types("decide", "m1", "1", "unskip")
    assert refused.code == 2
    assert "01 is not skipped, so there is no skip to take back" in refused.err
    told = answer(ada, "01.unskip")
    assert "Approval 01.unskip was not taken: 01 is not skipped" in told.out
