"""What is answered without a git of its own, or by one git for many questions, is what git answers one by one."""

import random
import subprocess

import pytest

from run_milestone.adapters.git import Git
from run_milestone.adapters.process import Processes


def git(*words, where, fine=(0,), stdin=None):
    result = subprocess.run(["git", *words], cwd=where, input=stdin, capture_output=True, text=True, check=False)
    assert result.returncode in fine, result.stderr
    return result


def stream(chance, count):
    """A history for `git fast-import`: branches that fork, merge, edit, rename, delete and add bytes."""
    yield "blob\nmark :9000\ndata 5\n\0\1\2\n\0\n"
    for number in range(1, count + 1):
        yield f"commit refs/heads/c{number}\nmark :{number}\ncommitter A <a@b.c> {number} +0000\ndata 1\n.\n"
        parents = chance.sample(range(max(1, number - 25), number), min(number - 1, chance.choice([1, 1, 1, 2])))
        yield "".join(f"{'merge' if later else 'from'} :{parent}\n" for later, parent in enumerate(parents))
        name, text = chance.choice("abc"), "\n".join(chance.choices(["x", "y", "", "  z"], k=9))
        yield f"M 100644 inline src/{name}.py\ndata {len(text)}\n{text}\n"
        yield chance.choice(["", "M 100755 :9000 image.bin\n", "D src/a.py\n", "M 120000 :9000 src/b.py\n", "\n"])


@pytest.fixture(params=range(3))
def history(tmp_path, request):
    """A repository of random history: the runner's git on it, and its commits."""
    git("init", "--quiet", ".", where=tmp_path)
    git("fast-import", "--quiet", "--force", where=tmp_path, stdin="".join(stream(random.Random(request.param), 40)))
    commits = git("for-each-ref", "--format=%(objectname)", where=tmp_path).stdout.split()
    return Git(Processes(), tmp_path, None, name="m1", root=tmp_path), commits


def test_a_close_ancestor_is_one_to_git(history):
    runner, commits = history
    for later in commits:
        ancestors = git("rev-list", later, where=runner.repository).stdout.split()
        for one in commits[::3]:
            assert runner.is_ancestor(one, later) == (one in ancestors)


def test_a_shallow_clone_counts_no_missing_parents(history, tmp_path):
    runner, _ = history
    last = git("rev-parse", "c40", where=tmp_path).stdout.strip()
    place = tmp_path / "shallow"
    shallowly = ("--quiet", "--no-checkout", "--depth=1", "--branch=c40")
    git("clone", *shallowly, f"file://{tmp_path}", str(place), where=tmp_path)
    shallow = Git(Processes(), place, None, name="m1", root=place)
    parent = runner.parents(last)[0]
    git("fetch", "--quiet", "--depth=1", f"file://{tmp_path}", parent, where=place)
    assert runner.is_ancestor(parent, last)
    assert not shallow.is_ancestor(parent, last)


def test_many_changes_have_the_identity_of_each(history):
    runner, commits = history
    chance = random.Random(1)
    pairs = [tuple(chance.choices(commits, k=2)) for _ in range(60)]
    pairs = [pair for pair in pairs if git("merge-base", *pair, where=runner.repository, fine=(0, 1)).returncode == 0]
    identities = runner.patch_ids(pairs)
    assert len(pairs) > 20
    assert identities == {pair: runner.patch_id(*pair) for pair in pairs}


def test_no_change_asks_git_nothing(history):
    runner, _ = history
    assert runner.patch_ids([]) == {}
