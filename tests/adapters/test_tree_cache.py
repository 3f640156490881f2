"""What a setup made and the copied files reach a tree, and through no link of the tree anything else."""

import os
from concurrent.futures import ThreadPoolExecutor

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


CHANGES = {
    "single file": lambda tree: (tree / "version.py").write_text("version = 2\n"),
    "link to a folder": lambda tree: (tree / ".venv/lib/sitecustomize").symlink_to(tree),
    "moved and linked": lambda tree: (tree / ".venv").rename(tree / "moved") and (tree / ".venv").symlink_to("moved"),
    "empty folder": lambda tree: (tree / ".venv/empty").mkdir(),
    "mode of a folder": lambda tree: (tree / ".venv/lib").chmod(0o777),
    "odd name": lambda tree: (tree / os.fsdecode(b".venv/\xff")).write_text("no text\n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_to_it_is_noticed(set_up, change):
    cache, tree = set_up
    change(tree)
    assert not cache.is_intact(tree, "k")
    cache.take(tree, "k")
    assert (cache.is_intact(tree, "k"), os.listdir(tree / ".venv")) == (True, ["lib"])
    assert (tree / "version.py").read_text() == "version = 1\n"


def test_what_cannot_be_read_is_never_intact(places):
    _, tree, _ = places
    cache = TreeCache(tree.parent / "setup")
    (tree / ".venv").mkdir()
    deep = os.open(tree / ".venv", os.O_RDONLY)
    for _ in range(20):  # longer than any path may be
        os.mkdir("d" * 250, dir_fd=deep)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = below
    os.close(deep)
    cache.keep(tree, "k", (".venv",), complete=False)
    assert not cache.is_intact(tree, "k")


def test_a_released_trees_setup_moves_on(set_up):
    cache, tree = set_up
    number = (tree / ".venv/lib/module.py").stat().st_ino
    cache.release(tree)
    other = tree.with_name("m1-02")
    assert cache.take(other, "k") == (".venv", "version.py")
    assert ((other / ".venv/lib/module.py").stat().st_ino, os.listdir(tree)) == (number, [])
    assert cache.is_intact(other, "k")
    assert not cache.is_intact(tree, "k")
    assert cache.reopen(tree) == (".venv", "version.py")
    assert cache.is_intact(tree, "k")


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_touched_moves_nowhere(set_up, change):
    cache, tree = set_up
    change(tree)
    cache.release(tree)
    other = tree.with_name("m1-02")
    cache.take(other, "k")
    assert cache.is_intact(other, "k")
    assert ((other / "version.py").read_text(), os.listdir(other / ".venv")) == ("version = 1\n", ["lib"])
    assert os.path.lexists(tree / ".venv")


def test_a_tree_in_use_gives_nothing(set_up):
    cache, tree = set_up
    cache.release(tree)
    cache.reserve(tree)
    cache.take(tree.with_name("m1-02"), "k")
    assert cache.is_intact(tree, "k")


def test_what_moves_on_names_its_new_place(places):
    _, tree, _ = places
    cache = TreeCache(tree.parent / "setup")
    (tree / ".venv/bin").mkdir(parents=True)
    (tree / ".venv/bin/tool").write_text(f"#!{tree}/.venv/bin/python\n")
    cache.keep(tree, "k", (".venv",), complete=True)
    for number in range(2, 5):
        cache.release(tree)
        tree = tree.with_name(f"m1-0{number}")
        cache.take(tree, "k")
        assert (tree / ".venv/bin/tool").read_text() == f"#!{tree}/.venv/bin/python\n"


def test_one_of_many_gets_what_was_released(set_up):
    cache, tree = set_up
    cache.release(tree)
    others = [tree.with_name(f"m1-{number:02}") for number in range(2, 10)]
    with ThreadPoolExecutor() as pool:
        taken = list(pool.map(lambda other: cache.take(other, "k"), [*others, *others]))
    assert set(taken) == {(".venv", "version.py")}
    assert [other.name for other in others if not cache.is_intact(other, "k")] == []
    assert os.listdir(tree) == []


def test_a_move_that_broke_off_is_repaired(set_up):
    cache, tree = set_up
    other = tree.with_name("m1-02")
    other.mkdir()
    (tree / ".venv").rename(other / ".venv")
    for place in (other, tree):
        cache.take(place, "k")
    assert (cache.is_intact(tree, "k"), cache.is_intact(other, "k")) == (True, True)
