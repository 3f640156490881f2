"""What a job without rights hands back is judged as data: whatever is forged is refused whole, or decides nothing."""

import json
import shutil

import pytest
from support.split_run import journal_adds

from run_milestone.core.serialize import digest, thaw
from run_milestone.model import Gate, Inspected
from run_milestone.store.json_record import record_digest

FIRST = "feat/m1-01-the-first-page"
THIRD = "feat/m1-03-the-third-page"
HIDDEN = "Outside the issue's paths: pages/03.html"


def edits(place, record, **facts):
    """Change what the evidence of a marker says, or what stands in another record."""
    path = place / record
    content = json.loads(path.read_text())
    content.get("evidence", content).update(facts)
    path.write_text(json.dumps(content))
    return content


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
    edits(place, "issues/03/inspect.json", findings=[])
    (place / "gates/03.json").unlink()


def makes_light_of_a_finding(place):
    (finding,) = json.loads((place / "issues/03/inspect.json").read_text())["evidence"]["findings"]
    assert finding["message"] == HIDDEN
    edits(place, "issues/03/inspect.json", findings=[{**finding, "message": "Nothing to see here"}])


def inspects_another_commit(place):
    edits(place, "issues/03/inspect.json", findings=[], head="0" * 40)
    (place / "gates/03.json").unlink()


def reuses_an_approved_change(place):
    edits(place, "issues/03/inspect.json", change="0" * 64)


def moves_the_baseline(place):
    """Name an issue's commit: from it a milestone branch that somebody deleted would be put back."""
    head = json.loads((place / "issues/01/lint.json").read_text())["evidence"]["head"]
    edits(place, "bootstrap.json", head=head)


def measures_another_commit(place):
    edits(place, "issues/01/test.json", head="0" * 40)


def counts_from_its_own_commit(place):
    """Let the change be counted from the branch's own commit, so that nothing is left to look at."""
    head = json.loads((place / "issues/03/lint.json").read_text())["evidence"]["head"]
    edits(place, "issues/03/implement.json", base=head)
    edits(place, "issues/03/inspect.json", findings=[], files=0, lines=0, paths=[], change="")
    (place / "gates/03.json").unlink()


def asks_another_question(place):
    """Show something harmless, with the digest by which an answer counts for something else."""
    content = json.loads((place / "gates/03.json").read_text())
    content["findings"][0]["message"] = "The page is fine"
    writes_a_gate(place, content)


def takes_up_earlier_answers(place):
    content = json.loads((place / "gates/03.json").read_text())
    writes_a_gate(place, {**content, "covered_by": [f"{'f' * 64}-1"]})


def writes_a_gate(place, content):
    gate = thaw(Gate, content)
    (place / f"gates/{gate.gate}.json").write_text(json.dumps(content))
    record = record_digest(gate)
    journal_adds(place, event="gate opened", gate=gate.gate, kind=gate.kind, digest=gate.digest, record=record)


def enters(**facts):
    """Let the journal hold an entry of these facts."""
    return lambda place: journal_adds(place, **facts)


def keeps_somebody_elses_commit(place, ada):
    """Keep a commit as if it had been thrown away, so that a push may go over it."""
    ada.git("update-ref", "refs/run-milestone/m1/01/attempt-1", "refs/remotes/origin/main", where=place)


def moves_the_branch(place, ada):
    """Let the branch stand at a commit that no record names."""
    ref = f"refs/run-milestone/m1/work/{FIRST}"
    tree = ada.git("rev-parse", f"{ref}^{{tree}}", where=place)
    other = ada.git("commit-tree", tree, "-p", ref, "-m", "Another change", where=place)
    ada.git("update-ref", ref, other, where=place)


def silences_ci(words):
    """Make the issue's commit again with these words, and let every record name it."""

    def commits_again(place, ada):
        ref = f"refs/run-milestone/m1/work/{FIRST}"
        message = f"Write the first page {words}\n\nRun-Milestone: m1/01 attempt-1"
        commit = ada.git("commit-tree", f"{ref}^{{tree}}", "-p", f"{ref}^", "-m", message, where=place).strip()
        ada.git("update-ref", ref, commit, where=place)
        for step in ("implement", "lint", "test", "inspect"):
            inputs = edits(place, f"issues/01/{step}.json", head=commit)["inputs"]
            moved = {name: digest(commit)[:16] for name in ("commit", "implementation") if name in inputs}
            path = place / f"issues/01/{step}.json"
            path.write_text(json.dumps({**json.loads(path.read_text()), "inputs": {**inputs, **moved}}))

    WITH_GIT.append(commits_again)
    return commits_again


WITH_GIT = [moves_the_branch, keeps_somebody_elses_commit]


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
    "light": (makes_light_of_a_finding, f"The inspection of #03 that was handed back leaves out: {HIDDEN}."),
    "inspected": (inspects_another_commit, "The record of 03:inspect that was handed back is about another change."),
    "reused": (reuses_an_approved_change, "The record of 03:inspect that was handed back is about another change."),
    "tested": (measures_another_commit, "The record of 01:test that was handed back is about another change."),
    "baseline": (moves_the_baseline, "its baseline is of a commit that the milestone's branch does not hold"),
    "counted": (counts_from_its_own_commit, "is counted from a commit that its base does not hold."),
    "question": (asks_another_question, "an answer to gates/03.json would be for something else than it shows"),
    "covered": (takes_up_earlier_answers, "an answer to gates/03.json would be for something else than it shows"),
    "unearned": (
        enters(event="broken off", task="01:implement", took=-9e9, cost=-9e9),
        "its journal holds 'broken off 01:implement' with facts that no run records",
    ),
    "endless": (
        enters(event="broken off", task="01:implement", took=float("inf"), cost=float("nan")),
        "its journal holds 'broken off 01:implement' with facts that no run records",
    ),
    "unadded": (
        enters(event="run ended", status="done", took="long"),
        "its journal holds 'run ended' with facts that no run records",
    ),
    "uncrossed": (
        enters(event="boundary crossed", changes=5, approvals=0),
        "its journal holds 'boundary crossed' with facts that no run records",
    ),
    "undated": (
        enters(event="run ended", status="done", at="yesterday"),
        "its journal holds 'run ended' with facts that no run records",
    ),
    "restart": (
        enters(event="gate opened", gate=["01"]),
        "its journal holds \"gate opened ['01']\", which is not its to record",
    ),
    "kept": (keeps_somebody_elses_commit, "01/attempt-1 is at a commit that the records do not name"),
    "finding": (hides_a_finding, f"The inspection of #03 that was handed back leaves out: {HIDDEN}."),
    "branch": (adds_a_branch, "it holds branches"),
    "skip ci": (silences_ci("[skip ci]"), "of #01 that was handed back tells CI to skip it."),
    "no actions": (silences_ci("[ no  actions ]"), "of #01 that was handed back tells CI to skip it."),
    "trailer": (silences_ci("\n\nskip-checks: true"), "of #01 that was handed back tells CI to skip it."),
    "commit": (moves_the_branch, f"work/{FIRST} is at a commit that the records do not name"),
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_result_is_refused_whole(handed_back, kind):
    change, why = FORGED[kind]
    results = handed_back.forged(kind, lambda place: change(place, *[handed_back.ada] * (change in WITH_GIT)))
    handed_back.refuses(results, why)


def test_a_ref_cannot_name_a_branch_here(handed_back):
    """Of `a:b` git makes two: what it fetches, and the branch here that it moves."""
    results = handed_back.forged("colon", lambda _: None)
    bundle = results / "all.bundle"
    head, _, pack = bundle.read_bytes().partition(b"\n\n")
    name = f"refs/run-milestone/m1/work/{FIRST}".encode()
    line = next(line for line in head.splitlines() if line.endswith(name))
    more = line.replace(name, b"refs/run-milestone/m1/01/attempt-1:refs/heads/main")
    plain = line.replace(name, b"refs/run-milestone/m1/01/attempt-1")
    bundle.write_bytes(b"\n".join([head, plain, more]) + b"\n\n" + pack)
    handed_back.refuses(results, "it holds the ref '01/attempt-1:refs/heads/main', which is not its to make")
    job = handed_back.folder / f"job-{handed_back.jobs}" / "shop"
    assert handed_back.git("for-each-ref", "refs/heads/main", where=job) == ""


def test_a_folder_is_no_result(handed_back):
    results = handed_back.forged("folder", lambda _: None)
    (results / "all.bundle").unlink()
    shutil.copytree(handed_back.remote, results / "all.bundle")
    handed_back.refuses(results, "it is no bundle of git")
    shutil.rmtree(results / "all.bundle")
    (results / "all.bundle").write_text(f"gitdir: {handed_back.remote}\n")
    handed_back.refuses(results, "it is no bundle of git")
    (results / "all.bundle").unlink()
    (results / "all.bundle").symlink_to(next(handed_back.results.glob("*.bundle")))
    handed_back.refuses(results, "it is no bundle of git")


def test_no_answer_carries_a_forged_result_out(handed_back):
    """An answer that waits is recorded and sent at the start of a run: by then the result was looked at."""
    with handed_back.put_back():
        left = handed_back.ada.types("decide", "m1", "02", "skip", "--state-ref")
        assert left.code == 0, left.err
        results = handed_back.forged("hidden", hides_a_finding)
        handed_back.refuses(results, f"leaves out: {HIDDEN}.")


def test_a_gate_is_passed_by_nobody_else(handed_back):
    """That a question was answered is no evidence: the job that may push asks it again."""

    def passes_its_gate(place):
        inspected = json.loads((place / "issues/03/inspect.json").read_text())["evidence"]
        marker = json.loads((place / "issues/01/inspect-gate.json").read_text())
        marker["inputs"]["inspection"] = digest(thaw(Inspected, inspected))[:16]
        (place / "issues/03/inspect-gate.json").write_text(json.dumps({**marker, "task": "03:inspect-gate"}))
        (place / "gates/03.json").unlink()

    with handed_back.put_back():
        result, _ = handed_back.closes(handed_back.forged("passed", passes_its_gate))
        assert result.out.splitlines()[-2].endswith("m1 waits for decisions: 03 (approve | skip | abort)"), result.err
        assert THIRD not in [pull["head"] for pull in handed_back.pulls()]
        assert f"refs/heads/{THIRD}" not in "\n".join(handed_back.refs())
