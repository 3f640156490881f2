"""Jobs with rights start no command and jobs without reach nothing; what they hand back is judged as data."""

import json

import pytest
from support.split_run import SplitRun, journal_adds

FIRST = "feat/m1-01-the-first-page"
HIDDEN = "Outside the issue's paths: pages/03.html"


def edits_a_marker(place):
    path = place / "issues/01/branch.json"
    path.write_text(path.read_text().replace(FIRST, "main"))


def forges_a_decision(place):
    (place / "decisions").mkdir()
    decision = {"id": 1, "gate": "01", "verb": "approve", "who": "ada", "at": "2026-01-01T00:00:00+00:00"}
    (place / "decisions/0001-01-approve.json").write_text(json.dumps(decision))


def leaves_an_approval(place):
    (place / "approvals").mkdir()
    (place / "approvals/01.approve").write_text(json.dumps({"who": "ada", "source": "f" * 32}))


def forges_an_entry(place):
    journal_adds(place, event="decision", id=1, gate="01", verb="approve", who="ada")


def takes_a_name(place):
    journal_adds(place, event="run started", sandbox="none", operator=["ada"])


def rewrites_the_journal(place):
    path = place / "journal.jsonl"
    path.write_text(path.read_text().replace("run started", "run begun", 1))


def works_on_another_issue(place):
    (place / "issues/04").mkdir()
    (place / "issues/04/test.json").write_text((place / "issues/01/test.json").read_text().replace("01:", "04:"))


def writes_a_link(place):
    (place / "logs/link.log").symlink_to("/etc/passwd")


def writes_a_file_outside(place):
    (place / ".profile").write_text("touch made\n")


def adds_a_branch(place):
    (place / ".git/refs/heads").mkdir(exist_ok=True)
    (place / ".git/refs/heads/main").write_text((place / ".git/HEAD").read_text())


def hides_a_finding(place):
    path = place / "issues/03/inspect.json"
    marker = json.loads(path.read_text())
    assert [finding["message"] for finding in marker["evidence"]["findings"]] == [HIDDEN]
    marker["evidence"]["findings"] = []
    path.write_text(json.dumps(marker))
    (place / "gates/03.json").unlink()


def moves_the_branch(ada):
    """Let the branch stand at a commit that no record names."""

    def change(place):
        ref = f"refs/run-milestone/m1/work/{FIRST}"
        tree = ada.git("rev-parse", f"{ref}^{{tree}}", where=place)
        other = ada.git("commit-tree", tree, "-p", ref, "-m", "Another change", where=place)
        ada.git("update-ref", ref, other, where=place)

    return change


FORGED = {
    "marker": (edits_a_marker, "it changes issues/01/branch.json, which is not its to change"),
    "decision": (forges_a_decision, "decisions/0001-01-approve.json"),
    "approval": (leaves_an_approval, "it changes approvals/01.approve, which is not its to change"),
    "entry": (forges_an_entry, "its journal holds 'decision 01', which is not its to record"),
    "name": (takes_a_name, "its journal holds 'run started', which is not its to record"),
    "journal": (rewrites_the_journal, "entries of its journal were changed or removed"),
    "issue": (works_on_another_issue, "it changes issues/04/test.json, which is not its to change"),
    "link": (writes_a_link, "logs/link.log is no plain file (git mode 120000)"),
    "outside": (writes_a_file_outside, "it holds '.profile', which is no record's name"),
    "finding": (hides_a_finding, f"The inspection of #03 that was handed back leaves out: {HIDDEN}."),
    "branch": (adds_a_branch, "it holds branches"),
    "commit": (None, f"work/{FIRST} is at a commit that the records do not name"),
}


@pytest.fixture(scope="module")
def handed_back(tmp_path_factory):
    """A run in which a job without rights worked on the issues, and nobody took that up yet."""
    run = SplitRun(tmp_path_factory.mktemp("split"))
    run.measures_its_baseline()
    result, left = run.looks()
    assert (result.code, left) == (0, ["01", "02", "03"]), result.err
    worked = run.works("01,02,03")
    assert worked.code == 0, worked.out + worked.err
    return run


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_result_is_refused_whole(handed_back, kind):
    change, why = FORGED[kind]
    before = handed_back.refs()
    results = handed_back.forged(kind, change or moves_the_branch(handed_back.ada))
    result, left = handed_back.closes(results)
    assert (result.code, left) == (1, [])
    assert why in result.err, result.err
    assert "Nothing of it was used." in result.err or "Nothing here was changed." in result.err
    assert (handed_back.refs(), handed_back.pulls()) == (before, [])


def test_a_split_run_ends_as_one_does(tmp_path):
    run = SplitRun(tmp_path)
    result, left = run.looks()
    assert left == ["bootstrap"], result.out + result.err
    assert "Baseline tests" not in result.out, "a job with rights measures nothing"
    worked = run.works("bootstrap")
    assert "✓ Baseline tests: 1 passed, 0 failed" in worked.out, worked.err
    _, left = run.closes()
    assert left == ["01", "02", "03"]

    run.results = tmp_path / "second"
    run.looks()
    before = run.refs()
    for number in left:
        worked = run.works(number)
        assert worked.code == 0, worked.out + worked.err
        assert "PR #" not in worked.out
    assert (run.refs(), run.pulls()) == (before, []), "it reaches nothing"
    result, left = run.closes()
    assert (result.code, left) == (0, []), result.out + result.err
    assert [pull["head"] for pull in run.pulls()] == [FIRST, "feat/m1-02-the-second-page"]
    assert result.out.splitlines()[-2].endswith("m1 waits for decisions: 03 (approve | skip | abort)")
    assert run.ada.types("state", "pull", "m1").code == 0
    verified = run.ada.types("verify", "m1")
    assert verified.code == 0, verified.out


def test_what_starts_commands_is_reviewed_without_rights(tmp_path):
    def edit(text):
        agent = 'mkdir -p pages && echo "<p>page $number</p>" > "pages/$number.html"'
        return text.replace(agent, "echo 'SIZE = 3' > other.py").replace("other/**", "other.py")

    run = SplitRun(tmp_path, edit=edit)
    run.measures_its_baseline()
    run.looks()
    run.works("03")
    result, left = run.closes()
    assert "✓ PR #1 created" in result.out, result.out + result.err
    assert left == ["03"], "the review starts a linter; of the others nothing was done"
    run.looks()
    worked = run.works("03")
    assert "🤖 Code review..." in worked.out
    result, _ = run.closes()
    assert "03 (" in result.lines[-2] or "✓ No issues found" in worked.out


def test_a_job_without_rights_needs_its_files(tmp_path):
    run = SplitRun(tmp_path)
    result = run.ada.types("ci", "work", "m1", "--only", "1", "--given", "nothing", "--result", "out")
    assert (result.code, result.out) == (2, "")
    assert "nothing holds no remote.bundle." in result.err
    (run.results).mkdir()
    (run.results / "all.bundle").write_text("no bundle")
    result, _ = run.closes()
    assert "all.bundle cannot be used: no work was handed out." in result.err
