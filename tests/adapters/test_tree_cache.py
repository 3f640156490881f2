"""What a setup made and the copied files reach a tree, and through no link of the tree anything else."""

import os

import pytest

from run_milestone.adapters.git.tree_cache import TreeCache, copy_in
from run_milestone.core.errors import OutsideError


@pytest.fixture
def places(tmp_path):
    """A checkout with a settings file, a tree, and a folder that belongs to neither."""
    for name in ("checkout/conf", "m1-01", "elsewhere/node_modules"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "checkout/conf/.env").write_text("A=1")
    (tmp_path / "elsewhere/node_modules/mine").write_text("mine")
    return tmp_path / "checkout", tmp_path / "m1-01", tmp_path / "elsewhere"


def test_a_copy_does_not_follow_a_folders_link(places):
    checkout, tree, elsewhere = places
    (tree / "conf").symlink_to(elsewhere)
    with pytest.raises(OutsideError, match=r"conf/\.env leads out of m1-01"):
        copy_in(checkout, tree, ["conf/.env"])
    assert not (elsewhere / ".env").exists()


def test_a_copy_does_not_write_through_a_link(places):
    checkout, tree, elsewhere = places
    (tree / "conf").mkdir()
    (tree / "conf/.env").symlink_to(elsewhere / "planted")
    assert copy_in(checkout, tree, ["conf/.env"]) == ((), ())
    assert not (elsewhere / "planted").exists()


def test_a_setup_is_not_taken_through_a_link(places):
    _, tree, elsewhere = places
    cache = TreeCache(tree.parent / "setup")
    (tree / "web/node_modules").mkdir(parents=True)
    cache.keep(tree, "k", ("web/node_modules",), complete=True)
    (tree / "web/node_modules").rmdir()
    (tree / "web").rmdir()
    (tree / "web").symlink_to(elsewhere)
    assert cache.take(tree, "k") == ()
    assert (elsewhere / "node_modules/mine").read_text() == "mine"


def test_pipes_of_a_setup_are_not_kept(places):
    _, tree, _ = places
    cache = TreeCache(tree.parent / "setup")
    (tree / "venv/bin").mkdir(parents=True)
    os.mkfifo(tree / "venv/bin/pipe")
    (tree / "venv/bin/tool").write_text("tool")
    cache.keep(tree, "k", ("venv",), complete=True)
    assert cache.take(tree.with_name("m1-02"), "k") == ("venv",)
    assert os.listdir(tree.with_name("m1-02") / "venv/bin") == ["tool"]


def test_a_write_in_one_tree_reaches_no_other(places):
    _, tree, _ = places
    cache, others = TreeCache(tree.parent / "setup"), [tree.with_name(f"m1-0{number}") for number in (2, 3)]
    names = [f".venv/lib/part{number % 7}/module{number}.py" for number in range(300)]
    for name in names:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(name)
        (tree / name).chmod(0o755)
    cache.keep(tree, "k", (".venv",), complete=True)
    for other in others:
        cache.take(other, "k")
        with (other / names[0]).open("r+") as file:
            file.write("changed by a test")
        (other / names[1]).unlink()
    assert not cache.is_intact(others[0], "k")
    cache.take(others[0], "k")
    for where in (tree, others[0]):
        assert [(where / name).read_text() for name in names] == names
        assert {(where / name).stat().st_mode & 0o777 for name in names} == {0o755}


@pytest.fixture
def set_up(places):
    """A cache, and a tree in which a setup made an environment and a single file."""
    _, tree, _ = places
    cache = TreeCache(tree.parent / "setup")
    (tree / ".venv/lib").mkdir(parents=True)
    (tree / ".venv/lib/module.py").write_text("a = 1\n")
    (tree / "version.py").write_text("version = 1\n")
    cache.keep(tree, "k", (".venv", "version.py"), complete=True)
    assert cache.is_intact(tree, "k")
    return cache, tree


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: (tree / "version.py").write_text("version = 2\n"),
        lambda tree: (tree / ".venv/lib/sitecustomize").symlink_to(tree / "planted"),
        lambda tree: (tree / ".venv").rename(tree / "moved") and (tree / ".venv").symlink_to("moved"),
        lambda tree: (tree / ".venv/empty").mkdir(),
        lambda tree: (tree / ".venv/lib").chmod(0o777),
        lambda tree: (tree / os.fsdecode(b".venv/\xff")).write_text("no text\n"),
    ],
    ids=["single file", "link to a folder", "moved and linked", "empty folder", "mode of a folder", "odd name"],
)
def test_every_change_to_it_is_noticed(set_up, change):
    cache, tree = set_up
    (tree / "planted").mkdir()
    change(tree)
    assert not cache.is_intact(tree, "k")
    cache.take(tree, "k")
    assert (cache.is_intact(tree, "k"), os.listdir(tree / ".venv")) == (True, ["lib"])
    assert (tree / "version.py").read_text() == "version = 1\n"
