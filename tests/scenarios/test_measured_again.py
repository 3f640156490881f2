"""A verdict of tests is measured again once what it rested on has changed, and not before."""

import pytest
from support.plans import ONCE

PART = {
    "part.py": '"""Part."""\n\nPART = 1\n',
    "tests/test_part.py": "from part import PART\n\n\ndef test_part():\n    assert PART\n",
}
BASELINE = "✓ Baseline tests: "
OUTSIDE = "sandbox: {kind: none}\n"


def commits(ada, name, text):
    (ada.folder / name).write_text(text)
    ada.git("add", ".", where=".")
    ada.git("commit", "--quiet", "--message=More", where=".")


def base_moves(ada, monkeypatch):
    place = ada.folder.parent / "hers"
    ada.git("worktree", "add", "--quiet", str(place), "milestone/m1", where=".")
    (place / "more.py").write_text('"""More."""\n')
    ada.git("add", ".", where=place)
    ada.git("commit", "--quiet", "--message=More", where=place)
    ada.git("worktree", "remove", str(place), where=".")


def variable_changes(ada, monkeypatch):
    monkeypatch.setenv("SHOP", "other")


def box_changes(ada, monkeypatch):
    plan = ada.folder / "plans/m1/plan.yaml"
    plan.write_text(plan.read_text().replace("{kind: none}", "{kind: none, read: [/usr]}"))


@pytest.mark.parametrize("change", [base_moves, variable_changes, box_changes], ids=lambda change: change.__name__)
def test_a_green_baseline_is_measured_again(make_milestone, monkeypatch, change):
    ada = make_milestone({"01-1": PART}, plan=f"{OUTSIDE}commands: {{pass_env: [SHOP]}}\n")
    monkeypatch.setenv("SHOP", "one")
    assert BASELINE in ada.types("m1").out
    assert BASELINE not in ada.types("m1").out, "nothing has changed"
    change(ada, monkeypatch)
    assert BASELINE in ada.types("m1").out
    assert BASELINE not in ada.types("m1").out


def test_unittest_writes_its_tests_to_standard_error(make_milestone):
    case = "import unittest\n\n\nclass PartTest(unittest.TestCase):\n    def test_part(self):\n        pass\n"
    words = "['{python}', -m, unittest, discover, --verbose]"
    ada = make_milestone({"01-1": {"test_part.py": case}}, plan=f"commands: {{test: {words}}}\n")
    assert "✓ Tests: 1 passed" in ada.types("m1").out


def test_the_same_command_looks_afresh_after_abort(make_milestone, tmp_path):
    up = tmp_path / "up"
    needs = f"import pathlib\n\n\ndef test_needs():\n    assert pathlib.Path({str(up)!r}).exists()\n"
    ada = make_milestone({"01-1": {**PART, "tests/test_needs.py": needs}}, plan=OUTSIDE + ONCE)
    assert "🛑 Tests failing" in ada.types("m1").out
    up.touch()
    ada.answers("01.abort")
    assert "✓ PR #1 created" in ada.types("m1").out
    assert len(ada.pulls()) == 1


@pytest.mark.parametrize("offered", [True, False], ids=["a service", "the home"])
def test_what_the_sandbox_hides_is_named(make_milestone, tmp_path, sealed_home, offered):
    up = (tmp_path if offered else sealed_home) / "up"
    ada = make_milestone({"01-1": PART})
    service = f"import pathlib\n\n\ndef test_service():\n    assert pathlib.Path({str(up)!r}).exists()\n"
    commits(ada, "tests/test_service.py", service)
    up.touch()
    shown = f"The sandbox hides {up} from the tests. To show it, write into the plan: `sandbox: {{read: [{up}]}}`"
    out = ada.types("m1").out
    assert (shown in out) is offered
    assert ("🛑 Tests need files that the sandbox hides" in out) is offered
    assert ("🛑 Tests fail before any work" in out) is not offered
    if offered:
        plan = ada.folder / "plans/m1/plan.yaml"
        plan.write_text(plan.read_text().replace("phases:", f"sandbox: {{read: [{up}]}}\nphases:"))
        assert "✓ PR #1 created" in ada.types("m1").out
