"""What others did is recognised by its content: squashed, rebased or picked work is no conflict and no change."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from run_milestone.adapters.git import Git
from run_milestone.adapters.process import Processes
from run_milestone.steps.own_change import own_base

START = "".join(f"line {number}\n" for number in range(1, 10))


@dataclass
class History:
    """A repository in which `below` changes a line in two commits, and `above` stands on it and changes it again."""

    folder: Path

    def __post_init__(self):
        self.git("init", "--quiet", "--initial-branch=main", ".")
        self.start = self.commits("main", {"a.txt": START}, new=False)
        self.commits("below", {"a.txt": START.replace("line 5", "below, first")})
        self.below = self.commits("below", {"a.txt": START.replace("line 5", "below")}, new=False)
        self.above = self.commits("above", {"a.txt": START.replace("line 5", "above")})
        self.git("switch", "--quiet", "main")

    def git(self, *words):
        done = subprocess.run(["git", *words], cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commits(self, branch, files, *, new=True):
        if new:
            self.git("switch", "--quiet", "--create", branch)
        for name, text in files.items():
            (self.folder / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={branch}")
        return self.git("rev-parse", "HEAD")

    def runner(self):
        return Git(Processes(), self.folder, None, name="m1", root=self.folder)


@pytest.fixture
def history(tmp_path):
    return History(tmp_path)


WAYS = {
    "squashed": [("merge", "--quiet", "--squash", "below"), ("commit", "--quiet", "--message=Below (#1)")],
    "rebased": [("cherry-pick", "main..below")],
    "squashed, and more beside it": [
        ("merge", "--quiet", "--squash", "below"),
        ("commit", "--quiet", "--message=Below (#1)"),
        ("commit", "--quiet", "--allow-empty", "--message=Others"),
    ],
}


@pytest.mark.parametrize("way", WAYS)
def test_merged_by_content_is_no_conflict(history, way):
    history.commits("main", {"b.txt": "others\n"}, new=False)
    for words in WAYS[way]:
        history.git(*words)
    runner = history.runner()
    tip = history.git("rev-parse", "main")
    assert runner.merged(history.above, tip).conflicts == ("a.txt",), "git alone sees the line changed twice"
    merged = runner.merged_past(history.above, tip, (history.below,))
    assert merged.conflicts == ()
    assert history.git("show", f"{merged.tree}:a.txt") == START.replace("line 5", "above").strip()
    assert history.git("show", f"{merged.tree}:b.txt") == "others"


def test_a_real_conflict_after_a_squash_stays(history):
    for words in WAYS["squashed"]:
        history.git(*words)
    tip = history.commits("main", {"a.txt": START.replace("line 5", "somebody else")}, new=False)
    assert history.runner().merged_past(history.above, tip, (history.below,)).conflicts == ("a.txt",)


def test_what_was_reverted_after_a_squash_is_gone(history):
    history.git("switch", "--quiet", "--create", "higher", "below")
    above = history.commits("higher", {"c.txt": "c\n"}, new=False)
    history.git("switch", "--quiet", "main")
    for words in (*WAYS["squashed"], ("revert", "--no-edit", "HEAD")):
        history.git(*words)
    merged = history.runner().merged_past(above, history.git("rev-parse", "main"), (history.below,))
    assert merged.conflicts == ()
    assert history.git("show", f"{merged.tree}:a.txt") == START.strip()
    assert history.git("show", f"{merged.tree}:c.txt") == "c"


def test_a_commit_that_was_not_merged_is_kept(history):
    tip = history.commits("main", {"b.txt": "others\n"}, new=False)
    merged = history.runner().merged_past(history.above, tip, (history.below,))
    assert history.git("show", f"{merged.tree}:a.txt") == START.replace("line 5", "above").strip()


# ---- the issue's own change -----------------------------------------------------------------------------------


def merges(history, branch):
    history.git("switch", "--quiet", "above")
    history.git("merge", "--quiet", "--no-edit", branch)
    head = history.git("rev-parse", "HEAD")
    history.git("switch", "--quiet", "main")
    return head


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_target_that_is_merged_in_counts_not(history, times):
    runner = history.runner()
    before = runner.patch_id(history.below, history.above)
    for number in range(times):
        main = history.commits("main", {f"m{number}.txt": "main\n", "a.txt": f"{START}{number}\n"}, new=False)
        head = merges(history, "main")
    base = own_base(runner, history.below, head, (main, None))
    assert runner.patch_id(base, head) == before
    assert runner.changed(base, head) == ("a.txt",)
    assert runner.measure(base, head) == (1, 2)
    assert own_base(runner, history.below, head, (main, None)) == base, "it is the same commit each time"


def test_an_edit_in_the_merge_itself_counts(history):
    main = history.commits("main", {"m.txt": "main\n"}, new=False)
    history.git("switch", "--quiet", "above")
    history.git("merge", "--quiet", "--no-commit", "--no-ff", "main")
    head = history.commits("above", {"sneaked.txt": "in\n"}, new=False)
    runner = history.runner()
    base = own_base(runner, history.below, head, (main,))
    assert set(runner.changed(base, head)) == {"a.txt", "sneaked.txt"}


def test_a_branch_in_the_target_still_counts(history):
    history.git("merge", "--quiet", "--no-edit", "above")
    runner = history.runner()
    main = history.git("rev-parse", "main")
    assert own_base(runner, history.below, history.above, (main, None)) == history.below


# ---- commits that were picked ---------------------------------------------------------------------------------


def days(monkeypatch, number):
    """Set the day on which git commits."""
    for what in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{what}_DATE", f"2026-03-{number:02} 12:00 +0000")


@pytest.fixture
def picked(history, monkeypatch):
    """`above`, which took two commits of `main` between two of its own. Its `head`, `main` and what it changed."""
    days(monkeypatch, 2)
    history.commits("main", {"m.txt": "main\n"}, new=False)
    history.commits("main", {"m.txt": "main, second\n", "n.txt": "n\n"}, new=False)
    history.main = history.commits("main", {"o.txt": "not taken\n"}, new=False)
    monkeypatch.delenv("GIT_AUTHOR_DATE")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-03-03 12:00 +0000")
    history.git("switch", "--quiet", "above")
    history.git("cherry-pick", "main~2", "main~1")
    history.head = history.commits("above", {"b.txt": "b\n"}, new=False)
    return history


def base_of(history):
    return own_base(history.runner(), history.below, history.head, (history.main,))


def test_picked_commits_count_not(picked):
    runner, base = picked.runner(), base_of(picked)
    assert runner.changed(base, picked.head, gone=True) == ("a.txt", "b.txt")
    assert {line[6:] for line in runner.diff(base, picked.head).split("\n") if line.startswith("+++ b/")} == {
        "a.txt",
        "b.txt",
    }
    assert runner.measure(base, picked.head) == (2, 3)
    assert base_of(picked) == base, "it is the same commit each time"


def test_picks_after_a_merge_count_not(picked):
    picked.git("switch", "--quiet", "main")
    picked.main = picked.commits("main", {"p.txt": "p\n"}, new=False)
    picked.git("switch", "--quiet", "above")
    picked.git("merge", "--quiet", "--no-edit", "main~2")
    picked.head = picked.git("rev-parse", "HEAD")
    assert picked.runner().changed(base_of(picked), picked.head) == ("a.txt", "b.txt")


def reverted_there(history):
    history.git("switch", "--quiet", "main")
    history.git("revert", "--no-edit", "HEAD~1")
    history.main = history.git("rev-parse", "HEAD")


def edited_afterwards(history):
    history.head = history.commits("above", {"m.txt": "main, edited\n"}, new=False)


def reverted_here(history):
    history.git("revert", "--no-edit", "HEAD~1")
    history.head = history.git("rev-parse", "HEAD")


STILL_COUNTS = {
    "the target reverted it": (reverted_there, {"m.txt", "n.txt"}),
    "an edit of it": (edited_afterwards, {"m.txt"}),
    "a revert of it": (reverted_here, {"m.txt", "n.txt"}),
}


@pytest.mark.parametrize("case", STILL_COUNTS)
def test_what_is_done_beyond_a_pick_counts(picked, case):
    act, files = STILL_COUNTS[case]
    act(picked)
    assert set(picked.runner().changed(base_of(picked), picked.head, gone=True)) >= {"a.txt", "b.txt", *files}


def test_picks_of_the_milestone_branch_count_not(picked):
    base = own_base(picked.runner(), picked.below, picked.head, (None,), (None, picked.main))
    assert picked.runner().changed(base, picked.head) == ("a.txt", "b.txt")


def test_a_revert_of_the_targets_commit_counts(history, monkeypatch):
    days(monkeypatch, 2)
    history.main = history.commits("main", {"m.txt": "main\n"}, new=False)
    merges(history, "main")
    history.git("switch", "--quiet", "above")
    history.git("revert", "--no-edit", history.main)
    history.head = history.git("rev-parse", "HEAD")
    assert history.runner().changed(base_of(history), history.head, gone=True) == ("a.txt", "m.txt")


def test_own_work_that_the_target_picked_counts(history, monkeypatch):
    history.head = history.git("rev-parse", "above")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2037-03-03 12:00 +0000")
    history.git("cherry-pick", "main..above")
    history.main = history.git("rev-parse", "main")
    assert base_of(history) == history.below
