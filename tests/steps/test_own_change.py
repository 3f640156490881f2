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
