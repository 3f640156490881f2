"""Nonsense gets one clear sentence that ends with what to do, the right exit code, and no traceback."""

import errno
import os
import shutil
import subprocess
import sys

import pytest

from run_milestone.commands import main

PLAN = "id: m1\ntitle: First\nphases:\n  - issues:\n      - {number: 1, title: Add a colour, criteria: [It has one]}\n"


@pytest.fixture
def ada(ada):
    ada.plans(PLAN)
    return ada


def refused(result, code, *parts):
    assert result.code == code, result.out + result.err
    assert "Traceback" not in result.err
    for part in parts:
        assert part in result.err


def test_an_unknown_milestone_is_refused(ada):
    refused(ada.types("m9"), 2, "no plans/m9/plan.yaml", "the plans here are m1")
    refused(ada.types("run", "../../etc"), 2, "is not a milestone id", "m4.1")


def test_an_unknown_command_is_explained(ada):
    refused(ada.types("frobnicate"), 2, "frobnicate")


def test_flags_stand_before_the_milestone_too(ada):
    result = ada.types("--jobs", "2", "-C", ".", "--dry-run", "m1")
    assert result.code == 0
    assert "Dry run of m1: nothing is changed." in result.out


def test_a_missing_project_is_explained(person):
    refused(person.types("m1"), 2, "no plans/ folder", "run-milestone init")
    refused(person.types("-C", "nowhere", "m1"), 2, "nowhere: No such file or directory")


def test_the_folder_option_stands_anywhere(ada):
    above = type(ada)(ada.folder.parent)
    for words in (
        ["-C", "widgets", "plan", "check", "m1"],
        ["plan", "check", "m1", "-C", "widgets"],
        ["status", "-C", "widgets", "m1"],
        ["-C", "widgets", "status", "m1"],
    ):
        assert above.types(*words).code == 0


def test_a_bad_plan_shows_every_error(ada):
    ada.plans("id: m1\ntitle: First\ncolour: red\nphases:\n  - issues: [{number: x}]\n")
    result = ada.types("m1")
    refused(result, 2, "plans/m1/plan.yaml:3:1:", "plans/m1/plan.yaml:5:")
    assert not (ada.folder / "state/m1/journal.jsonl").exists()
    doit = ada.doit("run", "m1")
    assert doit.code == 3
    assert "plans/m1/plan.yaml:3:1:" in doit.err
    assert "Traceback" not in doit.err


def test_an_unknown_or_unoffered_verb_is_refused(ada):
    ada.types("m1")
    refused(ada.types("decide", "m1", "01", "frobnicate"), 2, "'frobnicate' is no verb", "skip | abort")
    refused(ada.types("decide", "m1", "01", "approve"), 2, "does not offer approve", "skip | abort")
    refused(ada.types("decide", "m1", "07", "skip"), 2, "no gate called '07'")
    refused(ada.types("decide", "m1", "phase-1", "continue"), 2, "no gate phase-1 is open", "run-milestone gates m1")


def test_a_file_that_answers_nothing_is_set_aside(ada):
    ada.types("m1")
    ada.touches("01.approve", "01.Skip", "99.skip", "notes.txt", "README", milestone="m1")
    result = ada.types("m1")
    assert result.code == 3
    assert "README was not taken: it is not named after a gate and a verb, like 01.fix." in result.out
    for name in ("01.approve", "01.Skip", "99.skip", "notes.txt", "README"):
        assert f"Approval {name} was not taken: " in result.out
        assert (ada.folder / f"state/m1/approvals/stale/{name}.1").exists()


def test_two_answers_at_once_are_set_aside(ada):
    ada.types("m1")
    ada.touches("01.skip", "01.abort", milestone="m1")
    result = ada.types("m1")
    assert result.code == 3
    assert result.out.count("was not taken: two answers at once (abort, skip); leave exactly one.") == 2
    assert {path.name for path in (ada.folder / "state/m1/approvals/stale").iterdir()} == {"01.skip.1", "01.abort.1"}
    assert (ada.folder / "state/m1/gates/01.json").exists(), "the question stands"
    assert not (ada.folder / "state/m1/decisions").exists()


def test_a_verb_in_capitals_is_understood(ada):
    ada.types("m1")
    refused(ada.types("decide", "m1", "01", "Skip"), 2, "'Skip' is no verb", "skip | abort")
    refused(ada.types("decide", "m1", "01", "skip\n"), 2, r"'skip\n' is no verb", "skip | abort")
    ada.touches("01.SKIP", milestone="m1")
    assert "Approval 01.SKIP was not taken: 'SKIP' is no verb; skip is one." in ada.types("m1").out
    ada.touches("01.skip\n", milestone="m1")
    result = ada.types("m1")
    assert "⏭️ Skipped Issue #01" in result.out, "what a file's name ends in beyond its verb says nothing"
    assert list((ada.folder / "state/m1/approvals").glob("01*")) == []


def test_a_specification_outside_the_plan_is_refused(ada):
    secret = ada.folder.parent / "secret.md"
    secret.write_text("TOP SECRET")
    plan = ada.folder / "plans/m1/plan.yaml"
    (ada.folder / "plans/m1/01-colour.md").symlink_to(secret)
    result = ada.types("m1")
    refused(result, 2, "plans/m1/plan.yaml:5:", "01-colour.md", "a link that leaves the plan's folder")
    plan.write_text(PLAN.replace("criteria:", "spec: other.md, criteria:"))
    (ada.folder / "plans/m1/other.md").symlink_to(secret)
    result = ada.types("m1")
    refused(result, 2, "plans/m1/plan.yaml:5:", "other.md", "a link that leaves the plan's folder")
    assert "TOP SECRET" not in result.out + result.err
    assert not (ada.folder / "state/m1/journal.jsonl").exists()


def test_an_unreadable_marker_is_named(ada):
    ada.types("m1")
    marker = ada.folder / "state/m1/issues/01/branch.json"
    marker.write_text(marker.read_text()[:40])
    for words in (("m1",), ("status", "m1")):
        result = ada.types(*words)
        assert result.code == 1
        assert "state/m1/issues/01/branch.json cannot be read" in result.out + result.err
        assert "Traceback" not in result.err
    assert marker.exists()


def test_missing_git_is_explained(ada, tmp_path):
    empty = tmp_path / "bin"
    empty.mkdir()
    refused(ada.types("m1", env={"PATH": str(empty)}), 2, "git is not installed", "Install git")


def test_a_missing_repository_is_explained(ada):
    plan = ada.folder / "plans/m1/plan.yaml"
    plan.write_text(PLAN + "repository: {path: nowhere}\n")
    refused(ada.types("m1"), 2, "nowhere does not exist", "plans/m1/plan.yaml")
    (ada.folder.parent / "plain" / "plans" / "m1").mkdir(parents=True)
    bob = type(ada)(ada.folder.parent / "plain")
    bob.plans(PLAN)
    refused(bob.types("m1"), 2, "is not a git repository", "git init")
    refused(bob.types("init"), 2, "is not a git repository", "git init")


def test_a_missing_target_branch_is_named(ada):
    ada.plans(PLAN + "target: trunk\n")
    result = ada.types("m1")
    assert result.code == 1
    assert "target branch trunk does not exist" in result.out


def test_a_second_run_is_refused(ada):
    ada.types("m1")
    take = "import fcntl; file = open('state/m1/lock', 'r+'); fcntl.flock(file, fcntl.LOCK_EX)"
    hold = f"{take}; print(1, flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold], cwd=ada.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        holder.stdout.readline()
        lock = ada.folder / "state/m1/lock"
        lock.write_text(f'{{"pid": {holder.pid}, "host": "{os.uname().nodename}", "since": "2026-01-01"}}')
        refused(ada.types("m1"), 5, f"process {holder.pid}", "run-milestone status m1")
        result = ada.doit("run", "m1")
        assert result.code == 3
        assert f"process {holder.pid}" in result.err
    finally:
        holder.communicate("\n")
    assert ada.types("m1").code == 3


def test_an_approvals_file_without_folder_is_named(ada):
    (ada.folder / "state/m1").mkdir(parents=True, exist_ok=True)
    approvals = ada.folder / "state/m1/approvals"
    approvals.write_text("fix")
    refused(ada.types("m1"), 2, "approvals is a file", "mv ")
    refused(ada.types("decide", "m1", "01", "skip"), 2, "approvals is a file", "mv ")
    approvals.unlink()
    (ada.folder.parent / "01.skip").touch()
    for elsewhere in ("nowhere", ".."):
        approvals.symlink_to(ada.folder.parent if elsewhere == ".." else elsewhere)
        refused(ada.types("m1"), 2, "approvals is a link", "mv ")
        refused(ada.types("decide", "m1", "01", "skip"), 2, "approvals is a link", "mv ")
        approvals.unlink()
    assert (ada.folder.parent / "01.skip").exists(), "nothing outside is taken for an answer, or moved"


def test_an_unwritable_state_is_explained(ada):
    shutil.rmtree(ada.folder / "state")
    (ada.folder / "state").write_text("in the way")
    refused(ada.types("m1"), 2, "state is a file, and what runs record needs a folder.", 'state = ".run-milestone"')
    refused(ada.types("status", "m1"), 2, "state is a file")
    (ada.folder / "state").unlink()
    (ada.folder / "state/m1/summary.md").mkdir(parents=True)
    refused(ada.types("m1"), 1, "state/m1/summary.md cannot be written: Is a directory.")


def test_jobs_and_only(ada):
    refused(ada.types("m1", "--jobs", "0"), 2, "give 1 or more")
    refused(ada.types("m1", "--only", "07"), 2, "no issue 07", "Its issues are 01")
    refused(ada.types("m1", "--only", "x"), 2, "no issue x.")
    refused(ada.types("m1", "--only", ""), 2, "--only names no issue. The issues of m1 are 01")


def test_a_folder_at_a_trees_place_stays(ada):
    place = ada.folder.parent / "widgets.worktrees" / "m1-base"
    place.mkdir(parents=True)
    (place / "precious").write_text("mine")
    result = ada.types("m1")
    assert result.code == 1
    assert "is in the way" in result.out
    assert (place / "precious").read_text() == "mine"


def test_a_forge_on_github_needs_a_repository_there(ada):
    plan = ada.folder / "plans/m1/plan.yaml"
    plan.write_text(PLAN.replace("title: First\n", "title: First\nforge: github\nrepository: {remote: ../w.git}\n"))
    refused(ada.types("m1"), 2, "does not say which GitHub repository", "repository: {github: owner/name}")


def test_a_sample_is_made_on_this_machine(ada):
    plan, remote = ada.folder / "plans/m1/plan.yaml", "git@github.com:acme/widgets.git"
    where = f"repository: {{path: product, sample: sample, remote: '{remote}'}}\n"
    (ada.folder / "plans/m1/sample").mkdir()
    plan.write_text(PLAN.replace("title: First\n", f"title: First\n{where}"))
    refused(ada.types("m1"), 2, f"made from a sample cannot have the remote {remote}", "leave `sample` out")
    assert not (ada.folder / "product").exists()


def test_a_full_disk_leaves_no_traceback(tmp_path, monkeypatch, capsys):
    def refuse():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "state/m1/seal")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("run_milestone.commands.run.current_project", refuse)
    assert main(["m1"]) == 1
    assert capsys.readouterr().err.startswith(
        "run-milestone: state/m1/seal cannot be written: No space left on device."
    )
