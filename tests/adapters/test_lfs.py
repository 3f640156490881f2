"""Git LFS as the operator set it up: trees hold the files, commits hold pointers, pushes bring the files along."""

import shutil

import pytest
from test_operator_git import Ground, git

from run_milestone.core.errors import OutsideError

pytestmark = pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
POINTER = b"version https://git-lfs"
FILTER = (
    '[filter "lfs"]\n clean = git-lfs clean -- %f\n smudge = git-lfs smudge -- %f\n'
    " process = git-lfs filter-process\n required = true\n"
)


@pytest.fixture
def ground(tmp_path, monkeypatch):
    """A clone whose model.bin is kept by Git LFS and was not fetched."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "global"))
    (tmp_path / "global").write_text(f"[user]\n name = Ada\n email = ada@example.com\n{FILTER}")
    ground = Ground(tmp_path)
    bare = f"file://{tmp_path}/a.git"
    ground.configure(f'[remote "origin"]\n url = {bare}\n fetch = +refs/heads/*:refs/remotes/origin/*\n')
    (ground.product / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    (ground.product / "model.bin").write_bytes(b"weights")
    git("add", "--all", where=ground.product)
    git("commit", "--quiet", "--message=Add a model", where=ground.product)
    git("lfs", "push", "origin", "main", where=ground.product)
    git("push", "--quiet", "origin", "main", where=ground.product)
    monkeypatch.setenv("GIT_LFS_SKIP_SMUDGE", "1")
    git("clone", "--quiet", bare, "clone", where=tmp_path)
    ground.product = tmp_path / "clone"
    assert (ground.product / "model.bin").read_bytes().startswith(POINTER)
    return ground


def stored(folder):
    return [path.read_bytes() for path in folder.rglob("lfs/objects/*/*/*") if path.is_file()]


def committed(runner, ground, files):
    """An agent leaves files in a tree; returns the commit."""
    base, tree = runner.head("main"), ground.root / "tree"
    runner.checkout(tree, base, "01")
    for name, content in files.items():
        (tree / name).write_bytes(content)
    return runner.commit(tree, base, "01", "feat: work\n")


def test_a_tree_holds_what_pointers_name(ground):
    runner = ground.runner("origin")
    head = runner.head("main")
    runner.checkout(ground.root / "tree", head, "01")
    assert (ground.root / "tree/model.bin").read_bytes() == b"weights"
    assert runner.commit(ground.root / "tree", head, "01", "feat: nothing\n") == head


def test_a_new_file_is_pushed_with_its_pointer(ground):
    runner = ground.runner("origin")
    made = committed(runner, ground, {"new.bin": b"more", "a.py": b"a = 2\n"})
    assert runner.read(made, "new.bin").startswith(POINTER)
    assert runner.read(made, "a.py") == b"a = 2\n"
    assert runner.count_by_lfs(runner.head("main"), made) == 1
    assert b"more" not in stored(ground.root / "a.git")
    runner.push(made, "feat/x", None)
    assert b"more" in stored(ground.root / "a.git")
    assert ground.holding("feat/x") == {"a"}


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_folder_is_a_remote_too(ground, scheme):
    """Git LFS takes URLs alone, and a repository without any remote gets one in a folder."""
    runner = ground.runner(f"{scheme}{ground.root}/a.git")
    made = committed(runner, ground, {"new.bin": b"more"})
    assert (ground.root / "tree/model.bin").read_bytes() == b"weights"
    runner.push(made, "feat/x", None)
    assert b"more" in stored(ground.root / "a.git")


HOSTILE = """\
[lfs]
	url = file://ROOT/b.git
	standalonetransferagent = x
[lfs "customtransfer.x"]
	path = ROOT/runs
[remote "origin"]
	lfsurl = file://ROOT/b.git
"""
EXTENSION = """\
[lfs "extension.x"]
	clean = ROOT/runs
	smudge = ROOT/runs
	priority = 0
"""


def test_a_tree_names_no_server(ground):
    runner, program = ground.runner("origin"), ground.root / "runs"
    program.write_text(f"#!/bin/sh\ntouch {ground.root}/ran\nexec cat\n")
    program.chmod(0o755)
    hostile = HOSTILE.replace("ROOT", str(ground.root)).encode()
    made = committed(runner, ground, {"new.bin": b"secret", ".lfsconfig": hostile})
    runner.push(made, "feat/x", None)
    runner.checkout(ground.root / "other", made, "02")
    assert not (ground.root / "ran").exists()
    assert stored(ground.root / "b.git") == []
    assert b"secret" in stored(ground.root / "a.git")


def test_a_tree_names_no_program(ground):
    program = ground.root / "runs"
    program.write_text(f"#!/bin/sh\ntouch {ground.root}/ran\nexec cat\n")
    program.chmod(0o755)
    extension = EXTENSION.replace("ROOT", str(ground.root)).encode()
    with pytest.raises(OutsideError, match="`git add` failed"):  # an extension without its program, to git-lfs
        committed(ground.runner("origin"), ground, {"new.bin": b"secret", ".lfsconfig": extension})
    assert not (ground.root / "ran").exists()


def test_a_server_that_is_gone_is_said(ground):
    git("config", "lfs.url", f"file://{ground.root}/gone.git", where=ground.product)
    runner = ground.runner("origin")
    with pytest.raises(OutsideError, match="`git lfs fetch` failed"):
        runner.checkout(ground.root / "tree", runner.head("main"), "01")


@pytest.mark.parametrize("missing", ["set-up", "program"])
def test_without_git_lfs_bytes_are_committed(ground, monkeypatch, missing):
    if missing == "set-up":
        (ground.root / "global").write_text("[user]\n name = Ada\n email = ada@example.com\n")
    else:
        monkeypatch.setattr(shutil, "which", lambda name, **_: None if name == "git-lfs" else f"/usr/bin/{name}")
    runner = ground.runner("origin")
    made = committed(runner, ground, {"new.bin": b"more"})
    assert runner.read(made, "new.bin") == b"more"
    assert runner.count_by_lfs(runner.head("main"), made) == 0
    runner.push(made, "feat/x", None)
    assert stored(ground.product / ".git") == []
