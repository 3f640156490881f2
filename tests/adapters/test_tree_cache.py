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
