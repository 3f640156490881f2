"""Without a sandbox an agent can write approvals. Those that came in while it ran do not count."""

import pytest
from support.plans import command, issue, parts

AGENT = """
import os, pathlib, sys
sys.stdin.read()
pathlib.Path("part.py").write_text("PART = 1\\n")
state = pathlib.Path({state!r})
(state / "approvals").mkdir(exist_ok=True)
file = state / "approvals" / "02.skip"
{trick}
"""
TRICKS = {
    "touch": "file.touch()",
    "backdate": "file.touch(); os.utime(file, (1, 1))",
    "rename": "(state / 'x').touch(); os.rename(state / 'x', file)",
}
REFUSED = "it was written while an agent or tests ran without a sandbox"


@pytest.fixture
def ada(ada):
    def plan(trick, **settings):
        code = AGENT.format(state=str(ada.folder / "state/m1"), trick=TRICKS[trick])
        ada.plans(parts([issue(1), issue(2, depends_on=[1])], agent=command(code), **settings))
        return ada

    return plan


@pytest.mark.parametrize("trick", TRICKS)
def test_an_agents_approval_is_refused(ada, trick):
    person = ada(trick, sandbox={"kind": "none"})
    output = person.types("m1").out + person.types("m1").out
    assert REFUSED in output
    assert "Skipped Issue #02" not in output
    assert "No sandbox: agents, tests and tools run as you" in output


def test_a_persons_approval_afterwards_counts(ada):
    person = ada("touch", sandbox={"kind": "none"})
    person.types("m1")
    person.types("m1")
    person.touches("02.skip", milestone="m1")
    assert "Skipped Issue #02" in person.types("m1").out


def test_the_records_and_the_pull_request_say_so(ada):
    person = ada("touch", sandbox={"kind": "none"})
    person.types("m1")
    evidence = [person.reads(f"issues/01/{step}.json")["evidence"]["sandbox"] for step in ("implement", "test")]
    assert evidence == ["none", "none"]
    assert "ran without a sandbox" in (person.forge / "pulls/1.json").read_text()


def test_a_box_keeps_the_approval_away(ada):
    person = ada("touch")
    person.types("m1")
    result = person.types("m1")
    assert REFUSED not in result.out
    assert not (person.folder / "state/m1/approvals/02.skip").exists()
