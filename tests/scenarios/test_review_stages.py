"""Review in two stages: is it what was asked for, then how well it is made; by the plan's own reviewers too."""

import json
import sys

import pytest
from support.plans import QUICK

from run_milestone.adapters.agents.result import parse
from run_milestone.checks.review_prompt import answered
from run_milestone.policy.criteria import named

WIDGETS = '"""Widgets."""\n\nSIZE = 3\n'
COLOUR = WIDGETS + 'COLOUR = "red"\n'
TEST = 'import widgets\n\n\ndef test_colour():\n    assert widgets.COLOUR == "red"\n'
WORK = {"01-1": {"widgets.py": COLOUR, "tests/test_colour.py": TEST}}
UNBOXED = "sandbox: {kind: none}\nreviewers:\n"
"""For reviewers that keep what they are asked beside the project, where a test reads it."""
FINDING = {"severity": "warning", "rule": "naming", "message": "Say hue", "path": "widgets.py", "line": 4}


@pytest.fixture
def reviewer(tmp_path):
    """A program that reviews by printing what it is told to; returns the plan's lines for it."""

    def write(name, answer, source="", **settings):
        answer_file = tmp_path / f"{name}.json"
        answer_file.write_text(answer if isinstance(answer, str) else json.dumps(answer))
        (tmp_path / f"{name}.py").write_text(f"{source}\nimport sys\nprint(open(sys.argv[1]).read())\n")
        command = [sys.executable, str(tmp_path / f"{name}.py"), str(answer_file)]
        return f"  - {json.dumps({'name': name, 'command': command, **settings})}\n"

    return write


def commits(person, name, text):
    """Commit to the issue's branch as a person would, in a worktree of their own."""
    place = person.folder.parent / "hers"
    person.git("worktree", "add", "--quiet", str(place), "feat/m1-01-issue-01", where=".")
    (place / name).write_text(text)
    person.git("add", ".", where=place)
    person.git("commit", "--quiet", f"--message=Work on {name}", where=place)
    person.git("worktree", "remove", str(place), where=".")


# ---- stage one: is it what was asked for? -------------------------------------------------------------------------


def test_a_criterion_without_its_test_is_asked(make_milestone):
    criteria = (
        "criteria: [{text: It is red, test: 'tests/test_colour.py::test_colour'},"
        " {text: It is round, test: 'tests/test_form.py::test_round'}, It is nice, widgets.py names it]"
    )
    ada = make_milestone(WORK, criteria)
    result = ada.types("m1")
    assert "🛑 Code review: 1 issue" in result.out
    why = "no test of that name ran; nearest: tests.test_colour::test_colour"
    assert f"1. Not proven: It is round (tests/test_form.py::test_round: {why})" in result.out
    assert "It is nice" not in result.out, "nobody named a test for it"
    (pull,) = ada.pulls()
    assert "- [x] It is red — proven by `tests/test_colour.py::test_colour`" in pull["body"]
    assert "- [ ] It is nice — not proven by a test\n" in pull["body"]
    names_it = "- [ ] widgets.py names it — not proven by a test; it names widgets.py, which changed\n"
    assert names_it in pull["body"].replace("`", "").replace("\\", "")
    result = ada.answers("01.approve")
    assert "Phase 1 complete — 1 PR ready" in result.out


def test_quality_is_reviewed_after_compliance(make_milestone, reviewer):
    missing = {"findings": [{"severity": "critical", "rule": "wrong-thing", "message": "Colour was not asked for"}]}
    reviewers = reviewer("spec", missing, stage="compliance") + reviewer("taste", {"findings": [FINDING]})
    work = {**WORK, "01-2": {"widgets.py": COLOUR + "ROUND = True\n"}}
    ada = make_milestone(work, plan=f"{QUICK}reviewers:\n{reviewers}")
    result = ada.types("m1")
    assert "1. Colour was not asked for" in result.out
    assert "Say hue" not in result.out
    assert "fix | skip | abort" in result.out, "a critical finding is not approved away"
    (ada.folder.parent / "spec.json").write_text('{"findings": []}')
    result = ada.answers("01.fix")
    assert "1. Say hue — widgets.py#L4" in result.out


@pytest.mark.parametrize(
    ("criterion", "changed"),
    [
        ("docs/api.md says how", ["docs/api.md"]),
        ("It is described in `api.md`.", ["docs/api.md"]),
        ("Everything below docs/how is in English", ["docs/how/a.md", "docs/how/b.md"]),
        ("Answers either/or, e.g. within 1.5 s", []),
        ("api says how", []),
    ],
)
def test_a_criterion_names_the_paths_it_needs(criterion, changed):
    assert list(named(criterion, ["docs/api.md", "docs/how/a.md", "docs/how/b.md", "src/a.py"])) == changed


# ---- stage two: reviewers -----------------------------------------------------------------------------------------


def test_a_reviewers_findings_are_limited_to_the_change(make_milestone, reviewer, tmp_path):
    elsewhere = [
        {**FINDING, "line": 1, "message": "Old line"},
        {**FINDING, "path": "other.py", "message": "Other file"},
    ]
    seen = tmp_path / "seen.json"
    source = f"import sys\nopen({str(seen)!r}, 'w').write(sys.stdin.read())"
    ada = make_milestone(WORK, plan=QUICK + UNBOXED + reviewer("taste", {"findings": [FINDING, *elsewhere]}, source))
    result = ada.types("m1")
    assert "🛑 Code review: 1 issue (attempt 1/2)" in result.out
    assert "1. Say hue — widgets.py#L4" in result.out
    change = json.loads(seen.read_text())
    assert change["issue"]["criteria"] == ["It is there"]
    assert {file["path"]: file["added"] for file in change["files"]}["widgets.py"] == [[4, 'COLOUR = "red"']]


def test_sarif_levels_become_severities(make_milestone, reviewer):
    def result(text, line, **more):
        place = {"artifactLocation": {"uri": "widgets.py"}, "region": {"startLine": line}}
        return {"ruleId": "R1", "message": {"text": text}, "locations": [{"physicalLocation": place}], **more}

    rules = [{"id": "R1", "defaultConfiguration": {"level": "note"}}]
    results = [result("A bug", 4, level="error"), result("A hint", 4), result("Elsewhere", 1, level="error")]
    log = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x", "rules": rules}}, "results": results}]}
    ada = make_milestone(WORK, plan=QUICK + "reviewers:\n" + reviewer("scanner", log, format="sarif"))
    ada.types("m1")
    gate = json.loads((ada.folder / "state/m1/gates/01.json").read_text())
    findings = [(finding["severity"], finding["message"]) for finding in gate["findings"]]
    assert findings == [("critical", "A bug"), ("info", "A hint")]
    assert gate["verbs"] == ["fix", "skip", "abort"]


def test_a_coding_agent_reviews_by_prompt(make_milestone, reviewer, tmp_path):
    seen = tmp_path / "seen.md"
    bad = {"severity": "critical", "rule": "criterion-1", "message": "Nothing is there"}
    answer = f'I looked at `{{"findings": []}}`.\n```json\n{json.dumps({"findings": [bad, FINDING]}, indent=1)}\n```\n'
    source = f"import sys\nopen({str(seen)!r}, 'w').write(sys.stdin.read())"
    plan = QUICK + UNBOXED + reviewer("claude", answer, source, format="prompt", stage="compliance")
    ada = make_milestone({"01-1": {**WORK["01-1"], "widgets.py": COLOUR + "FENCE = '````'\n"}}, plan=plan)
    result = ada.types("m1")
    assert "1. Nothing is there\n2. Say hue — widgets.py#L4" in result.out
    assert "Cost: unknown for 1 attempt and 1 review; the limit on money" in result.out
    assert "fix | skip | abort" in result.out
    asked = seen.read_text()
    assert asked.startswith("# Review issue 01 of milestone m1\n\nSay where the change is not what was asked for")
    assert "1. It is there" in asked
    assert "widgets.py: changed\n    4 + COLOUR = \"red\"\n    5 + FENCE = '````'\n" in asked
    assert "\n`````text\n" in asked, "nothing in a change closes its fence"


def test_the_cost_of_reviews_counts(make_milestone, reviewer):
    answer = json.dumps({"type": "result", "result": json.dumps({"findings": [FINDING]}), "total_cost_usd": 0.25})
    ada = make_milestone(WORK, plan=QUICK + "reviewers:\n" + reviewer("claude", answer, format="prompt"))
    result = ada.types("m1", "--max-cost", "0.2")
    assert "1. Say hue — widgets.py#L4" in result.out
    ada.touches("01.approve", milestone="m1")
    result = ada.types("m1", "--max-cost", "0.2")
    assert result.code == 4
    assert "Used: $0.25 and 1 attempt of unknown cost of $0.20" in result.out
    facts = json.loads((ada.folder / "state/m1/summary.json").read_text())
    assert (facts["used"]["known_cost"], facts["used"]["unknown_costs"]) == (0.25, 1), "nobody tells of the attempt"


def test_findings_are_read_from_a_json_result():
    words = f"I looked.\n{json.dumps({'findings': [FINDING]})}"
    out = f"thinking\n{json.dumps({'type': 'result', 'result': words, 'total_cost_usd': 0.1})}\n"
    assert answered(parse(out).text) == {"findings": [FINDING]}


@pytest.mark.parametrize("words", ["", "Looks good to me!", '{"findings": [', '{"verdict": "fine"}'])
def test_output_without_findings_is_no_review(words):
    with pytest.raises(ValueError, match="holds no JSON object with `findings`"):
        answered(words)


def test_a_late_review_is_a_label(make_milestone, reviewer):
    slow = reviewer("slow", {"findings": [FINDING]}, "import time; time.sleep(60)", timeout=1)
    ada = make_milestone(WORK, plan=QUICK + "reviewers:\n" + slow)
    result = ada.types("m1")
    assert "⚠️ The reviewer `slow` gave no answer within 1 s" in result.out
    assert "Phase 1 complete — 1 PR ready" in result.out
    assert [pull["labels"] for pull in ada.pulls()] == [["review-pending"]]
    assert json.loads((ada.folder / "state/m1/issues/01/review.json").read_text())["evidence"]["pending"] is True
    assert "* PR #1 — Issue 01 [review-pending]" in result.out


def test_an_unreadable_review_can_be_retried(make_milestone, reviewer):
    ada = make_milestone(WORK, plan=QUICK + "reviewers:\n" + reviewer("odd", "Looks good to me!"))
    result = ada.types("m1")
    assert "🛑 A check could not run" in result.out
    assert "1. The reviewer `odd` gave no findings (exit 0, and no JSON" in result.out
    assert "retry | approve | skip | abort" in result.out
    (ada.folder.parent / "odd.json").write_text('{"findings": []}')
    assert "Phase 1 complete — 1 PR ready" in ada.answers("01.retry").out


# ---- findings are remembered --------------------------------------------------------------------------------------


def test_an_approved_finding_returns_with_its_file(make_milestone, reviewer):
    ada = make_milestone(WORK, plan=QUICK + "reviewers:\n" + reviewer("taste", {"findings": [FINDING]}))
    ada.types("m1")
    result = ada.answers("01.approve")
    assert "✓ Approved (recorded)" in result.out
    assert "Phase 1 complete" in result.out

    commits(ada, "notes.py", '"""Notes."""\n\nNOTE = "x"\n')
    result = ada.types("m1")
    assert result.issues() == ["01"], "the review ran again, of a change that moved"
    assert "Say hue" not in result.out
    assert not (ada.folder / "state/m1/gates/01.json").exists()

    commits(ada, "widgets.py", COLOUR + "ROUND = True\n")
    assert "1. Say hue — widgets.py#L4" in ada.types("m1").out
