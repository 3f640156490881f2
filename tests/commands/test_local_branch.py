"""After a landing the local milestone branch follows, or the one command that brings it there is shown."""

from types import SimpleNamespace

import pytest
from support.forge_contract import BASE, Ground

from run_milestone.commands.land.local_branch import follow


@pytest.fixture
def landed(tmp_path):
    """A repository whose remote's milestone branch is one commit ahead of the local one."""
    ground = Ground(tmp_path)
    ground.git("branch", BASE, "HEAD")
    ground.push(BASE, {"b.txt": "b\n"})
    ground.git("checkout", "--quiet", "-B", "main", BASE)
    return ground


def follows(ground):
    """Let the branch follow; returns what was shown and whether it did."""
    lines, git = [], ground.runner()
    session = SimpleNamespace(
        outside=SimpleNamespace(git=git),
        milestone=SimpleNamespace(branch=BASE),
        console=SimpleNamespace(say=lines.extend),
    )
    follow(session)
    return "\n".join(lines), git.head(BASE) == ground.head(BASE)


SHAPES = {
    "on another branch": (["switch", "main"], True),
    "detached": (["switch", "--detach", "main"], True),
    "on it and clean": (["switch", BASE], False),
    "no local branch": (["branch", "-D", BASE], False),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_it_follows_or_says_the_command(landed, shape):
    words, moves = SHAPES[shape]
    landed.git(*words)
    shown, moved = follows(landed)
    assert moved is moves
    assert ("is at" in shown) is moves
    if not moves:
        assert run_what_is_said(landed, shown), "the command works as it is shown"


def test_a_dirty_checkout_is_left_alone(landed):
    landed.git("switch", BASE)
    (landed.product / "a.txt").write_text("mine\n")
    shown, moved = follows(landed)
    assert not moved
    assert run_what_is_said(landed, shown)
    assert (landed.product / "a.txt").read_text() == "mine\n"


def test_commits_of_its_own_are_kept(landed):
    landed.git("switch", BASE)
    landed.git("commit", "--quiet", "--allow-empty", "--message=Mine")
    mine = landed.git("rev-parse", "HEAD")
    landed.git("switch", "main")
    shown, moved = follows(landed)
    assert not moved
    run_what_is_said(landed, shown)
    assert landed.git("merge-base", "--is-ancestor", mine, BASE) == ""
    assert (landed.product / "b.txt").exists()


def test_a_branch_that_holds_what_landed_is_fine(landed):
    landed.git("switch", BASE)
    run_what_is_said(landed, follows(landed)[0])
    landed.git("commit", "--quiet", "--allow-empty", "--message=Mine")
    assert follows(landed)[0] == ""


def run_what_is_said(ground, shown):
    """Type the command that was shown; returns whether the branch is where it landed."""
    for command in shown.split("`")[1].split(" && "):
        ground.git(*command.split()[1:])
    return ground.git("rev-parse", BASE) == ground.head(BASE)
