"""The plan says whose answers count at a stop, and how many: answers add up, others are refused with the reason."""

import json
import os
import subprocess

import pytest

from run_milestone.core.serialize import digest

WORK = {"01-1": {"size.js": "const size = 1;\n", "more.js": "const more = 1;\n"}}
PLAN = """\
teams: {"@acme/dba": [grace, Linus]}
limits: {files: 1}
approvers: {size: {any: ["@ACME/dba"], count: 2}}
"""
THREAD = 297


def writes(outcome, author, body, **facts):
    """Somebody comments on the issue."""
    path = outcome.home / f"remote.forge/issues/{THREAD}.json"
    record = json.loads(path.read_text())
    record["comments"].append({"author": author, "body": body, "at": "2026-11-27T20:00:00+00:00", **facts})
    path.write_text(json.dumps(record))


def thread(outcome):
    return json.loads((outcome.home / f"remote.forge/issues/{THREAD}.json").read_text())["comments"]


@pytest.fixture(scope="module")
def make_asked(make_product, run_m1, tmp_path_factory):
    """Run a plan with these approvers until the issue's stop asks."""

    def make(plan=PLAN, work=None, files=()):
        home = tmp_path_factory.mktemp("approvers") / "home"
        ada = make_product(home, [{"number": 1, "github": THREAD}], work=work or WORK, plan=plan)
        for name, text in dict(files).items():
            (ada.folder / name).parent.mkdir(exist_ok=True)
            (ada.folder / name).write_text(text)
            ada.git("add", name, where=".")
            ada.git("commit", "--quiet", "--message", f"Add {name}", where=".")
            ada.git("push", "--quiet", str(home / "remote.git"), "main", where=".")
        issue = {"number": THREAD, "title": "Do 01", "body": "", "state": "open", "comments": []}
        path = home / f"remote.forge/issues/{THREAD}.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(issue))
        return run_m1(ada)

    return make


@pytest.fixture(scope="module")
def asked(make_asked):
    """A stop that two people of the database team have to answer."""
    return make_asked()


def test_two_of_a_team_add_up(asked, answer_in_copy, run_m1):
    assert "Whose answer counts: 2 of @ACME/dba" in asked.result.out
    assert "  run-milestone decide m1 01 approve --sign" in asked.result.out
    assert "Whose answer counts: 2 of" in thread(asked)[0]["body"]
    assert asked.gate("01")["needs"] == [{"names": ["@ACME/dba"], "count": 2, "excluded": []}]
    outcome = answer_in_copy(asked, "01.approve")
    ada = outcome.person
    assert "a file does not prove who wrote it" in outcome.result.out
    assert (ada.folder / "state/m1/approvals/stale/01.approve.1").exists()
    writes(outcome, "mallory", "/approve")
    writes(outcome, "GRACE", "/approve It is generated")
    first = run_m1(ada).result
    assert "✓ Answer 1: approve at gate 01 by GRACE: 1 of 2, waits for @ACME/dba" in first.out
    assert "mallory is not asked here; it waits for `@ACME/dba`" in thread(outcome)[-1]["body"]
    assert first.code == 3
    assert "approve by GRACE: 1 of 2, waits for @ACME/dba" in ada.types("gates", "m1").out
    assert "approve by GRACE: 1 of 2, waits for @ACME/dba" in ada.types("status", "m1").out
    assert ada.types("report", "m1").code == 0
    page = (ada.folder / "state/m1/report.html").read_text()
    assert "<b>approve by GRACE: 1 of 2, waits for @ACME/dba</b>" in page
    writes(outcome, "grace", "/approve Really")
    run_m1(ada)
    assert "grace has given this answer before; 1 of 2" in thread(outcome)[-1]["body"]
    writes(outcome, "linus", "/approve")
    passed = run_m1(ada)
    assert "✓ Decision 3: approve at gate 01 by GRACE, linus" in passed.result.out
    assert passed.decided("01") == [("approve", "GRACE"), ("approve", "linus"), ("approve", "GRACE, linus")]
    assert passed.gate("phase-1") is not None
    assert json.loads((ada.folder / "state/m1/summary.json").read_text())["commands"] == {"approve": 1}
    assert ada.types("verify", "m1").code == 0


def test_a_contrary_answer_starts_the_count_again(asked, answer_in_copy, run_m1):
    outcome = answer_in_copy(asked)
    for author, verb, shown in (
        ("grace", "approve", "approve by grace: 1 of 2"),
        ("linus", "skip", "skip by linus: 1 of 2"),
        ("linus", "approve", "approve by linus: 1 of 2"),
    ):
        writes(outcome, author, f"/{verb}")
        run_m1(outcome.person)
        assert shown in outcome.person.types("gates", "m1").out
    writes(outcome, "grace", "/approve")
    assert run_m1(outcome.person).decided("01")[-1] == ("approve", "linus, grace")


@pytest.mark.parametrize("withdrawal", [{"edited": True}, {"writer": False}, {"author": "Hopper"}])
def test_a_withdrawn_answer_does_not_count(asked, answer_in_copy, run_m1, withdrawal):
    outcome = answer_in_copy(asked)
    writes(outcome, "grace", "/approve")
    run_m1(outcome.person)
    path = outcome.home / f"remote.forge/issues/{THREAD}.json"
    record = json.loads(path.read_text())
    record["comments"][-1].update(withdrawal)
    path.write_text(json.dumps(record))
    writes(outcome, "linus", "/approve")
    waiting = run_m1(outcome.person)
    assert waiting.gate("01")["kind"] == "size"
    assert "approve by linus: 1 of 2" in outcome.person.types("gates", "m1").out


def test_a_moved_change_is_asked_again(asked, answer_in_copy, run_m1):
    outcome = answer_in_copy(asked)
    ada = outcome.person
    writes(outcome, "grace", "/approve")
    run_m1(ada)
    branch = next(name for name in ada.git("branch", "--format=%(refname:short)", where=".").split() if "m1-" in name)
    ada.git("worktree", "add", "--quiet", str(outcome.home / "more"), branch, where=".")
    (outcome.home / "more/size.js").write_text("const size = 2;\n")
    ada.git("commit", "--quiet", "--all", "--message=Grow", where=outcome.home / "more")
    run_m1(ada)
    writes(outcome, "linus", "/approve")
    assert run_m1(ada).gate("01")["kind"] == "size"
    assert "approve by linus: 1 of 2" in ada.types("gates", "m1").out


def test_a_terminal_does_not_ask_in_vain(asked, answer_in_copy):
    code, shown = answer_in_copy(asked).person.answers_at_a_terminal("m1", types="approve\n")
    assert code == 3
    assert "run-milestone decide m1 01 approve --sign" in shown


def test_alone_it_never_approves_for_people(asked, answer_in_copy, run_m1):
    alone = run_m1(answer_in_copy(asked).person, "--autonomous")
    assert alone.decided("01") == [("skip", "autonomous")]


def make_key(folder, name):
    """Make an ssh key; returns its file and its public half."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)], check=True)
    return folder / name, (folder / f"{name}.pub").read_text().rpartition(" ")[0]


def signs(outcome, key, *words):
    """Somebody answers, signed with their key."""
    for name, value in (("gpg.format", "ssh"), ("user.signingkey", str(key))):
        outcome.person.git("config", name, value, where=".")
    result = outcome.person.types("decide", "m1", *words, "--sign")
    assert result.code == 0, result.err
    return next((outcome.person.folder / "state/m1/approvals").glob("*.*"))


def test_signed_answers_count_where_files_do_not(make_asked, run_m1, tmp_path):
    (grace, one), (linus, other), (mallory, _) = (make_key(tmp_path, name) for name in ("grace", "linus", "mallory"))
    signers = f'grace@example.com,grace namespaces="run-milestone" {one}\nlinus {other}\n'
    outcome = make_asked(PLAN, files={".github/allowed_signers": signers})
    ada = outcome.person
    unsigned = ada.types("decide", "m1", "01", "approve")
    assert (unsigned.code, "does not prove who wrote it" in unsigned.err) == (2, True)
    assert "nothing to sign" in ada.types("decide", "m1", "phase-1", "skip-phase", "--sign").err

    signs(outcome, mallory, "01", "approve")
    assert "nobody is known by its key" in run_m1(ada).result.out

    file = signs(outcome, grace, "01", "approve", "--reason", "It is generated")
    kept = json.loads(file.read_text())
    assert "Answer 1: approve at gate 01 by grace: 1 of 2, waits for @ACME/dba" in run_m1(ada).result.out
    for name in ("01.approve", "01.skip"):
        file.with_name(name).write_text(json.dumps(kept))
        assert "its signature was used before, for decision 1" in run_m1(ada).result.out

    file = signs(outcome, linus, "01", "approve")
    assert "no run has counted that yet" in ada.types("decide", "m1", "01", "approve", "--sign").err
    kept = json.loads(file.read_text())
    forged = {**kept["signed"], "statement": kept["signed"]["statement"].replace('"why": ""', '"why": "Yes"')}
    for name, changed, why in (
        ("01.skip", {}, "it was signed for verb approve, not for skip"),
        ("phase-1.approve", {}, "it was signed for gate 01, not for phase-1"),
        ("01.approve", {"why": "Other words"}, "it was signed for why nothing, not for Other words"),
        ("01.approve", {"why": "Yes", "signed": forged}, "its signature does not belong to what it says"),
    ):
        file.unlink(missing_ok=True)
        file.with_name(name).write_text(json.dumps({**kept, **changed}))
        assert why in run_m1(ada).result.out, name
    assert "approve by grace: 1 of 2" in ada.types("gates", "m1").out
    file.write_text(json.dumps(kept))
    copied = file.with_name("01.skip")
    copied.write_text(json.dumps({"source": f"signature:{digest(kept['signed']['statement'])}"}))
    os.utime(copied, ns=(1, 1))
    passed = run_m1(ada)
    assert "a file does not prove who wrote it" in passed.result.out
    assert passed.decided("01")[-1] == ("approve", "grace, linus")

    (ada.folder / ".github/allowed_signers").write_text(f"linus {other}\n")
    ada.git("commit", "--quiet", "--all", "--message=Grace leaves", where=".")
    ada.git("push", "--quiet", str(outcome.home / "remote.git"), "main", where=".")
    checked = ada.types("verify", "m1")
    assert "✓ signed answers" in checked.out, "her key was valid then"
    record = next((ada.folder / "state/m1/decisions").glob("0001-*"))
    for part, why in (("signature", "does not belong to what it says"), ("signers", "never had the commit 0000000000")):
        changed = json.loads(record.read_text())
        changed["signed"][part] = kept["signed"].get(part, "0" * 40)
        record.write_text(json.dumps(changed))
        assert why in ada.types("verify", "m1").out


OWN = """\
limits: {files: 1}
local: true
approvers: {"*": {not: [author, implementer]}, "docs/**": {any: [grace]}}
"""


def test_operators_do_not_approve_their_agents_work(make_asked, run_m1, monkeypatch):
    outcome = make_asked(OWN)
    ada = outcome.person
    assert outcome.gate("01")["needs"][0]["names"] == []
    ada.touches("01.approve", milestone="m1")
    refusal = "made this change, and the plan lets nobody approve their own"
    assert refusal in run_m1(ada).result.out
    before = [ada.git("config", f"user.{key}", where=".") for key in ("name", "email")]
    for names in (("Somebody Else", "else@example.com"), before):
        for key, name in zip(("name", "email"), names, strict=True):
            ada.git("config", f"user.{key}", name, where=".")
        ada.touches("01.approve", milestone="m1")
        assert refusal in run_m1(ada).result.out, "another address makes nobody another person"
    email = ada.git("config", "user.email", where=".")
    writes(outcome, email.partition("@")[0], "/approve")
    writes(outcome, "run-milestone", "/approve Written by the account that posts")
    assert run_m1(ada).gate("01")["kind"] == "size"
    assert all("made this change" in one["body"] for one in thread(outcome)[-2:])
    writes(outcome, "Grace", "/approve")
    assert run_m1(ada).decided("01") == [("approve", "Grace")]


def test_commits_made_here_are_their_persons(make_product, run_m1, tmp_path):
    ada = make_product(tmp_path / "home", [{"number": 1, "agent": {"kind": "human"}}], work={}, plan=OWN)
    for name in ("name", "email"):
        ada.git("config", f"user.{name}", "somebody@example.com", where=".")
    run_m1(ada)
    place = tmp_path / "home/product.worktrees/m1-01-person"
    for name, text in WORK["01-1"].items():
        (place / name).write_text(text)
    ada.git("add", ".", where=place)
    author = ("-c", "user.name=Grace", "-c", "user.email=grace@example.com")
    ada.git(*author, "commit", "--quiet", "--message=By hand", where=place)
    assert run_m1(ada).gate("01")["kind"] == "size"
    ada.touches("01.approve", milestone="m1")
    assert "made this change, and the plan lets nobody approve their own" in run_m1(ada).result.out


def test_git_configuration_proves_nobody_in_comments(asked, answer_in_copy, run_m1):
    outcome = answer_in_copy(asked)
    outcome.person.git("config", "github.user", "grace", where=".")
    writes(outcome, "run-milestone", "/approve")
    assert run_m1(outcome.person).decided("01") == []
    assert "run-milestone is not asked here" in thread(outcome)[-1]["body"]


OWNED = """\
teams: {"@acme/dba": [grace, linus]}
limits: {files: 1}
protected: []
approvers: {size: {codeowners: true}, tampering: {codeowners: true}}
"""
OWNERS = """\
*         @linus
size.js    @grace   # not @mallory
/more.js  @acme/dba
docs/     somebody
!api/     @grace
"""


def test_owners_come_from_the_target_branch(make_asked, run_m1):
    work = {"01-1": {**WORK["01-1"], "CODEOWNERS": "* @mallory\n"}}
    outcome = make_asked(OWNED, work, {"CODEOWNERS": OWNERS})
    ada = outcome.person
    assert outcome.gate("01")["kind"] == "tampering"
    assert "⚠️ CODEOWNERS: Invalid owner on line 4: docs/     somebody" in outcome.result.out
    assert "⚠️ CODEOWNERS: Invalid pattern on line 5: !api/     @grace" in outcome.result.out
    evidence = json.loads((ada.folder / "state/m1/bootstrap.json").read_text())["evidence"]
    assert evidence["policy"] == outcome.remote("main")
    assert outcome.gate("01")["needs"] == [{"names": ["@linus"], "count": 1, "excluded": []}]
    writes(outcome, "mallory", "/approve")
    writes(outcome, "linus", "/approve It owns itself")
    run_m1(ada)
    assert run_m1(ada).gate("01")["kind"] == "size"
    writes(outcome, "linus", "/approve")
    run_m1(ada)
    assert "approve by linus: 0 of 1, waits for @grace" in ada.types("gates", "m1").out
    writes(outcome, "grace", "/approve")
    passed = run_m1(ada)
    assert passed.decided("01")[-1] == ("approve", "linus, grace")
    assert passed.pull(THREAD)["labels"] == ["needs-human"]


def test_a_stale_checkout_decides_nothing(make_asked, run_m1):
    plan = "limits: {files: 1}\napprovers: {size: {codeowners: true}}\n"
    outcome = make_asked(plan, WORK, {"CODEOWNERS": "* @linus\n"})
    ada, clone = outcome.person, outcome.home / "clone"
    ada.git("clone", "--quiet", "--branch=main", str(outcome.home / "remote.git"), str(clone), where=".")
    (clone / "CODEOWNERS").write_text("* @grace\n")
    ada.git("commit", "--quiet", "--all", "--message=Linus leaves", where=clone)
    ada.git("push", "--quiet", where=clone)
    writes(outcome, "linus", "/approve")
    assert run_m1(ada).decided("01") == []
    assert "linus is not asked here; it waits for `@grace`" in thread(outcome)[-1]["body"]


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ('approvers: {size: {any: [ada, "@ADA"], count: 2}}\n', "is 2 people, but `any` stands for 1 of them"),
        ('approvers: {size: {any: ["@acme/api"]}}\n', "is @acme/api, which `teams` does not have"),
        ("approvers: {sizes: {any: [ada]}}\n", "did you mean size?"),
        ("approvers: {size: {any: [ada], count: 0}}\n", "expected a number from 1 to 20"),
        ("approvers: {size: {not: [operator]}}\n", "expected one of author, implementer"),
        ("local: perhaps\n", "expected true or false"),
    ],
)
def test_approvers_who_cannot_be_are_refused(make_product, tmp_path, plan, message):
    ada = make_product(tmp_path / "home", [{"number": 1}], work={}, plan=plan)
    result = ada.types("plan", "check", "m1")
    assert result.code == 2
    assert "plans/m1/plan.yaml:6:" in result.err + result.out
    assert message in result.err + result.out
