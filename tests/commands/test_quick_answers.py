"""What the seal answers, in whatever spelling, is what the command itself says."""

import pytest
from support.plans import QUICK

from run_milestone import __main__ as entry
from run_milestone.commands import main as command_line

SHOWN = ("status m1", "status 1", "gates m1", "status m1 --json", "status --json M1", "gates m1 --json")
RUNS = ("m1", "run m1", "m1 --jobs 2", "m1 --jobs=4", "--directory=. m1", "run --jobs 3 1")
WRONG = ("status m1 --jobs 2", "m1 --json", "m1 --jobs 0", "m1 --jobs x", "m1 --jobs", "--json status m1", "status")
OTHERS = ("m1 --verbose", "m1 --watch", "m1 --only 01", "status m1 --json --json", "m1 -C . -C .", "m1 m1 m1", "m1 -C")
PLACES = ("{}", "-C . {}", "{} -C state/..", "{} --directory=plans/m1", "-C plans {}")


@pytest.fixture
def quick():
    """Say what the seal answers to words; None where it leaves them to the command."""

    def answer(words, capsys):
        capsys.readouterr()
        code = entry._quick(words.split())
        return None if code is None else (code, capsys.readouterr().out)

    return answer


@pytest.fixture
def waiting(make_milestone, monkeypatch):
    """A person whose milestone waits for the answer to its first phase."""
    ada = make_milestone({"01-1": {"a.py": "A = 1\n"}}, plan=QUICK)
    assert ada.types("m1").code == 3
    monkeypatch.chdir(ada.folder)
    return ada


@pytest.fixture
def complete(waiting):
    """The same person, whose milestone is complete."""
    assert waiting.answers("phase-1.continue").code == 0
    return waiting


def shown(words, capsys):
    capsys.readouterr()
    return command_line(words.split()), capsys.readouterr().out


def test_a_waiting_milestone_is_shown_alike(waiting, quick, capsys, monkeypatch):
    for words in SHOWN:
        for place in PLACES:
            spelling = place.format(words)
            assert quick(spelling, capsys) == shown(spelling, capsys), spelling
            monkeypatch.chdir(waiting.folder)
    assert [quick(words, capsys) for words in RUNS] == [None] * len(RUNS), "a run may have something to do"


def test_a_complete_milestone_is_shown_alike(complete, quick, capsys):
    for words in SHOWN:
        assert quick(words, capsys) == shown(words, capsys), words


def test_every_spelling_says_nothing_to_do(complete, quick, capsys):
    code, text = quick("m1", capsys)
    assert code == 0
    assert "complete; nothing to do" in text
    assert {quick(words, capsys) for words in RUNS} == {(0, text)}
    (complete.folder / "state/m1/seal").unlink()
    for words in ("m1", "m1 --jobs 2"):
        result = complete.types(*words.split())
        assert (result.code, "✓ Milestone m1 is complete; nothing to do." in result.lines) == (0, True)


def test_anything_else_is_left_to_the_command(complete, quick, capsys):
    others = (*WRONG, *OTHERS, "-C nowhere m1", "status m2", "-C / status m1")
    assert {words: quick(words, capsys) for words in others} == dict.fromkeys(others)


def test_settings_in_between_are_left_to_the_command(complete, quick, capsys):
    for name, table in (("run-milestone.toml", ""), ("pyproject.toml", "[tool.run-milestone]\n")):
        settings = complete.folder / "tests" / name
        settings.write_text(f'{table}plans = "elsewhere"\n')
        assert quick("status m1", capsys) is not None
        assert quick("-C tests status m1", capsys) is None, name
        settings.unlink()


def test_an_edited_plan_is_left_to_the_command(complete, quick, capsys):
    plan = complete.folder / "plans/m1/plan.yaml"
    plan.write_text(plan.read_text().replace("title: First", "title: Second"))
    assert [quick(words, capsys) for words in (*SHOWN, *RUNS)] == [None] * len((*SHOWN, *RUNS))


def test_some_issues_of_a_complete_milestone_are_done(complete, capsys):
    code, output = shown("m1 --only 01", capsys)
    assert (code, output.splitlines()[0]) == (0, "✓ Milestone m1 is complete; nothing to do.")
    assert output.endswith("\n✓ Done: #01\n")
    assert shown("m1 --only 02", capsys)[0] == 2
    (complete.folder / "state/m1/seal").unlink()
    slow = shown("m1 --only 01", capsys)
    assert slow[0] == code
    assert {"✓ Done: #01", "✓ Milestone m1 is complete; nothing to do."} <= {*slow[1].splitlines()}
    complete.plans((complete.folder / "plans/m1/plan.yaml").read_text().replace("Issue 01", "Issue one"))
    assert "✓ PR #1 updated" in shown("m1 --only 01", capsys)[1], "what changed is looked at"
