"""The stack lands on GitHub too: by the real gh, against a GitHub on this machine."""

import loopback
import pytest
from stacks import StackOnGitHub, amended_in_the_middle_it_lands, branch, stack_of

pytestmark = pytest.mark.skipif(loopback.missing() is not None, reason=str(loopback.missing()))

REMOTE = "forge: github\nrepository: {remote: 'git@github.com:acme/widgets.git'}\n"


@pytest.fixture
def github(tmp_path, monkeypatch):
    github = loopback.GitHub(tmp_path)
    for name, value in github.environment(tmp_path / "operator").items():
        monkeypatch.setenv(name, value)
    yield github
    github.close()


def test_five_are_opened_one_is_amended_and_they_land(github, milestone):
    made = stack_of(milestone, plan=REMOTE)
    bare = github.world.bare
    made.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    made.git("push", "--quiet", str(bare), "main")
    stack = StackOnGitHub(made.person, str(bare), github.world)
    told = stack.runs()
    assert told.code == 3, told.out + told.err
    assert stack.bases()[branch("02")] == branch("01")
    assert stack.bases()[branch("04")] == f"{branch('04')}-base"
    assert f"Stacked on #{stack.pulls()[branch('01')]['number']}" in stack.pulls()[branch("02")]["body"]
    told = stack.answers("phase-1.continue")
    assert told.code == 0, told.out + told.err
    amended_in_the_middle_it_lands(stack)
    assert github.world.token not in told.out
