"""The stack lands on GitHub too: by the real gh, against a GitHub on this machine."""

import pytest
from support import loopback
from support.stacks import LARGE, StackOnGitHub, branch, land_amended_stack, open_stack, stack_of

pytestmark = pytest.mark.skipif(loopback.missing() is not None, reason=str(loopback.missing()))

REMOTE = "forge: github\nrepository: {remote: 'git@github.com:acme/widgets.git'}\n"


def deletes_merged_branches(hosted):
    """Switch on what many repositories have on: it closes, for good, what is based on a branch that goes."""
    merge = hosted.merge

    def merge_and_delete(pull):
        merge(pull)
        hosted.git("update-ref", "-d", f"refs/heads/{pull.head}")

    hosted.merge = merge_and_delete


@pytest.mark.torture
def test_a_stack_lands_on_github(github, make_milestone):
    made = stack_of(make_milestone, LARGE, plan=REMOTE)
    bare = github.hosted.bare
    made.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    made.git("push", "--quiet", str(bare), "main")
    stack = StackOnGitHub(made.person, str(bare), github.hosted)
    deletes_merged_branches(github.hosted)
    open_stack(stack)
    assert f"Stacked on #{stack.pulls()[branch('01')]['number']}" in stack.pulls()[branch("02")]["body"]
    land_amended_stack(stack)
