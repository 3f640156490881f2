"""A remote that does not take the milestone branch is a question before any work starts."""

import pytest
from support.plans import command, issue, parts

AGENT = "open('part.py', 'w').write('PART = 1\\n')"

HOOK = """\
#!/bin/sh
case $1 in refs/heads/milestone/*) echo "error: GH006: Protected branch update failed for $1." >&2; exit 1 ;; esac
"""


@pytest.fixture
def protected(ada):
    """A person whose remote protects every milestone branch; returns the person and what lifts that."""
    remote = ada.folder.parent / "widgets.git"
    ada.git("init", "--quiet", "--bare", str(remote), where=".")
    hook = remote / "hooks/update"
    hook.write_text(HOOK)
    hook.chmod(0o755)
    commands = {"lint": ["true"], "review": "none", "test": ["true"]}
    where = {"remote": "../widgets.git"}
    ada.plans(parts([issue(1)], agent=command(AGENT), commands=commands, repository=where))
    return ada, hook.unlink


def test_a_refused_branch_is_asked_about(protected):
    ada, _ = protected
    result = ada.types("m1")
    assert result.code == 3
    assert "milestone/m1 cannot be pushed" in result.out
    assert "GH006: Protected branch update failed for refs/heads/milestone/m1" in result.out
    assert "retry | abort" in result.out
    assert "Starting Issue" not in result.out


@pytest.mark.parametrize("answer", ["bootstrap.retry", None])
def test_the_same_command_tries_again(protected, answer):
    ada, lift = protected
    ada.types("m1")
    lift()
    result = ada.answers(answer) if answer else ada.types("m1")
    assert "✓ Phase 1 complete — 1 PR ready" in result.out


SIGNED = """\
#!/bin/sh
case $1 in
refs/heads/feat/*) echo "error: GH013: Repository rule violations found for $1." >&2
  echo "- Commits must have verified signatures." >&2; exit 1 ;;
esac
"""


def test_refused_commits_name_the_way_to_sign(protected):
    ada, _ = protected
    (ada.folder.parent / "widgets.git/hooks/update").write_text(SIGNED)
    result = ada.types("m1")
    assert "- Commits must have verified signatures. (`git config commit.gpgSign true`, then sign" in result.out
    assert "`git rebase --gpg-sign milestone/m1 feat/m1-01-" in result.out
