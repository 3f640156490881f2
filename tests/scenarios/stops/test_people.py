"""A conflict with the base where a person implements: they are told what to merge, and their merge is taken over."""

import pytest

from run_milestone.model import Kind, Verb


def commits(ada, place, text):
    (place / "shared.js").write_text(text)
    ada.git("add", ".", where=place)
    ada.git("commit", "--quiet", "--message=Work on shared.js", where=place)


@pytest.mark.stop(Kind.CONFLICT, Verb.FIX)
def test_a_person_merges_what_a_colleague_changed_meanwhile(make_product, run_m1, tmp_path):
    home = tmp_path / "home"
    ada = make_product(home, [{"number": 1, "agent": {"kind": "human"}}], work={})
    assert "commit your work on feat/m1-01-do-01, then run again" in run_m1(ada).result.out
    mine, theirs = home / "product.worktrees/m1-01-person", home / "colleague"
    commits(ada, mine, "colour = 'green'\n")
    ada.git("worktree", "add", "--quiet", "--detach", str(theirs), "main", where=".")
    commits(ada, theirs, "colour = 'blue'\n")
    ada.git("push", "--quiet", str(home / "remote.git"), "HEAD:refs/heads/milestone/m1", where=theirs)
    assert run_m1(ada).gate("01")["kind"] == Kind.CONFLICT

    ada.touches("01.fix", milestone="m1")
    result = run_m1(ada).result
    other = ada.git("rev-parse", "HEAD", where=theirs)
    assert f"`git merge {other[:10]}` on feat/m1-01-do-01 and resolve what conflicts, then run again" in result.out
    ada.git("merge", "--quiet", "--strategy=ours", "--no-edit", other[:10], where=mine)
    commits(ada, mine, "colours = ['blue', 'green']\n")
    outcome = run_m1(ada)
    assert outcome.pull("01")["state"] == "open"
    assert outcome.evidence("01", "inspect")["files"] == 1, "the colleague's work is no part of the change"
    assert other in outcome.log("feat/m1-01-do-01")
