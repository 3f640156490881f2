"""The operator's own git decides where is pushed and how; its first reason is what a person reads."""

import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from run_milestone.adapters.git import Git
from run_milestone.adapters.git.operator_config import read_config
from run_milestone.adapters.git.reasons import reason
from run_milestone.adapters.process import Processes
from run_milestone.core.errors import OutsideError, UsageError

PLACES = ("a", "b", "c")


def git(*words, where):
    done = subprocess.run(["git", *words], cwd=where, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass
class Ground:
    """A product, three bare repositories that it may be pushed to, and configuration of every scope."""

    root: Path

    def __post_init__(self):
        self.product = self.root / "product"
        git("init", "--quiet", "--initial-branch=main", str(self.product), where=self.root)
        (self.product / "a.py").write_text("a = 1\n")
        git("add", "--all", where=self.product)
        git("commit", "--quiet", "--message=Start", where=self.product)
        for name in PLACES:
            git("clone", "--quiet", "--bare", str(self.product), str(self.root / f"{name}.git"), where=self.root)

    def runner(self, remote=None, name="m1"):
        return Git(Processes(), self.product, remote, name=name, root=self.root)

    def configure(self, text, file=".git/config"):
        place = self.product / file
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("a") as config:
            config.write(text.replace("ROOT", str(self.root)))

    def holding(self, branch):
        """The bare repositories that have a branch."""
        return {name for name in PLACES if git("branch", "--list", branch, where=self.root / f"{name}.git")}


@pytest.fixture
def ground(tmp_path, monkeypatch):
    monkeypatch.delenv("GIT_CONFIG_NOSYSTEM")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", str(tmp_path / "system"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "global"))
    (tmp_path / "system").write_text("")
    (tmp_path / "global").write_text("[user]\n name = Ada\n email = ada@example.com\n")
    return Ground(tmp_path)


# ---- where is pushed ------------------------------------------------------------------------------------------

ORIGIN = '[remote "origin"]\n url = {}\n'
A, B, C = ("ROOT/a.git", "ROOT/b.git", "ROOT/c.git")
TO_A, TO_B, WORK = ORIGIN.format(A), ORIGIN.format(B), ORIGIN.format("work:a.git")
FORK = f'[remote "fork"]\n url = {B}\n'


def alias(base, rule, prefix):
    return f'[url "{base}"]\n {rule} = {prefix}\n'


INSTEAD = alias("ROOT/", "insteadOf", "work:")
PUSHED = alias("ROOT/", "pushInsteadOf", "work:")
SCOPES = (".git/config", "../global", "../system", "../included")
CONFIGURATIONS = [
    *(([(".git/config", WORK), (scope, INSTEAD)]) for scope in SCOPES),
    *(([(".git/config", TO_A), (scope, alias(B, "pushInsteadOf", A))]) for scope in SCOPES),
    *(([(".git/config", TO_A), (scope, f'[remote "origin"]\n pushurl = {B}\n')]) for scope in SCOPES),
    *(([(".git/config", TO_A + FORK), (scope, "[remote]\n pushDefault = fork\n")]) for scope in SCOPES),
    [(".git/config", TO_A)],
    [(".git/config", ORIGIN.format("../a.git"))],
    [(".git/config", ORIGIN.format("file://ROOT/a.git"))],
    [(".git/config", TO_A + f" url = {B}\n")],
    [(".git/config", TO_A + f" pushurl = {B}\n pushurl = {C}\n")],
    [(".git/config", TO_A + " pushurl = ../b.git\n")],
    [(".git/config", WORK + " pushurl = work:b.git\n" + INSTEAD)],
    [(".git/config", WORK + " pushurl = work:b.git\n" + INSTEAD + alias("ROOT/c.git?", "pushInsteadOf", "work:"))],
    [(".git/config", WORK + INSTEAD + alias(C, "insteadOf", "work:a.git"))],
    [(".git/config", WORK + alias(C, "insteadOf", "work:a.git") + INSTEAD)],
    [(".git/config", WORK + PUSHED + alias(B, "insteadOf", "work:a.git"))],
    [(".git/config", TO_A + alias(B, "pushInsteadOf", A) + alias(C, "insteadOf", B))],
    [(".git/config", TO_A + alias(B, "insteadOf", A) + alias(C, "insteadOf", B))],
    [(".git/config", TO_A + f" url = {C}\n" + alias(B, "pushInsteadOf", A))],
    [(".git/config", TO_A + "[remote]\n pushDefault = nowhere\n")],
    [
        (".git/config", TO_A),
        ("../global", alias("ROOT/b", "pushInsteadOf", "ROOT/a")),
        ("../system", alias(C, "insteadOf", A)),
    ],
]


def test_pushes_go_where_the_operators_git_pushes(tmp_path, monkeypatch):
    elsewhere = []
    for number, files in enumerate(CONFIGURATIONS):
        (tmp_path / str(number)).mkdir()
        place = tmp_path / str(number)
        monkeypatch.setenv("GIT_CONFIG_SYSTEM", str(place / "system"))
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(place / "global"))
        monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "0")
        (place / "system").write_text("")
        (place / "global").write_text("[user]\n name = Ada\n email = a@b\n[include]\n path = included\n")
        ground = Ground(place)
        for name, text in files:
            ground.configure(text, name)
        wanted = git("config", "--default", "origin", "remote.pushDefault", where=ground.product)
        remote = "origin" if wanted == "nowhere" else wanted  # git takes a name that is no remote for a path
        git("push", "--quiet", remote, "HEAD:refs/heads/person", where=ground.product)
        runner = ground.runner()
        runner.push(runner.head("main"), "runner", None)
        if ground.holding("runner") != ground.holding("person"):
            elsewhere.append((number, ground.holding("runner"), ground.holding("person")))
    print(f"figure: pushes elsewhere: {len(elsewhere)} / {len(CONFIGURATIONS)}")
    assert elsewhere == []
    assert len(CONFIGURATIONS) >= 30


@pytest.mark.parametrize("url", ["DISABLED", "no_push", "/nowhere/at/all", ""])
def test_a_push_url_that_forbids_pushing_stops(ground, url):
    ground.configure(TO_A + f' pushurl = "{url}"\n')
    with pytest.raises(UsageError, match=r"Pushes to origin are switched off: its push URL is .*set-url --push origin"):
        ground.runner()


# ---- how a remote is reached ----------------------------------------------------------------------------------

SSH = '#!/bin/sh\necho "$@" >> "$0.log"\nfor last; do :; done\nexec sh -c "$last"\n'


@pytest.mark.parametrize("file", [".git/config", "../global", "../system", "../included"])
def test_ssh_is_started_as_configured(ground, file):
    ssh = ground.root / "ssh"
    ssh.write_text(SSH)
    ssh.chmod(ssh.stat().st_mode | stat.S_IXUSR)
    ground.configure(ORIGIN.format("work.example:ROOT/a.git"))
    ground.configure("[include]\n path = included\n", "../global")
    ground.configure("[core]\n sshCommand = ROOT/ssh -F own\n[ssh]\n variant = ssh\n", file)
    runner = ground.runner()
    runner.push(runner.head("main"), "runner", None)
    assert ground.holding("runner") == {"a"}
    assert "-F own" in (ground.root / "ssh.log").read_text()


@pytest.mark.parametrize("key", ["http.proxy", "remote.origin.proxy"])
def test_a_proxy_is_used_as_configured(ground, key):
    git("config", "remote.origin.url", "http://forge.invalid/acme/shop.git", where=ground.product)
    git("config", key, "http://127.0.0.1:9", where=ground.product)
    with pytest.raises(OutsideError, match=r"`git ls-remote http://forge.invalid/acme/shop.git` failed: .*127.0.0.1"):
        ground.runner().remote_heads()


def test_a_broken_configuration_is_said(ground):
    ground.configure("[remote\n")
    with pytest.raises(UsageError, match=r"git cannot read its configuration here: .*bad config line \d+"):
        ground.runner()


@pytest.mark.parametrize(
    ("output", "why"),
    [
        (
            (
                "git@x: Permission denied (publickey).\nfatal: Could not read from remote repository.\n\n"
                "Please make sure you have the correct access rights\nand the repository exists.\n"
            ),
            "git@x: Permission denied (publickey)",
        ),
        (
            (
                "Warning: Permanently added 'x' to the list of known hosts.\nERROR: Repository not found.\n"
                "fatal: Could not read from remote repository.\n"
            ),
            "ERROR: Repository not found",
        ),
        (
            (
                "remote: error: GH013: Repository rule violations found for refs/heads/x.\nremote: \n"
                "remote: - Commits must have verified signatures.\nTo github.com:a/b\n ! [remote rejected] x -> x\n"
            ),
            (
                "remote: error: GH013: Repository rule violations found for refs/heads/x "
                "- Commits must have verified signatures"
            ),
        ),
        ("fatal: unable to access 'https://x/': Could not resolve host: x\n", "fatal: unable to access 'https://x/'"),
    ],
)
def test_the_first_reason_is_said(output, why):
    assert reason(output).startswith(why)


def test_git_that_cannot_start_says_why(tmp_path, monkeypatch):
    """Here a file that no system runs; a machine without room for a process says so in the same place."""
    (tmp_path / "git").write_bytes(b"\0")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    processes = Processes()
    try:
        with pytest.raises(
            UsageError, match=r"^git could not be started: git: Exec format error\. Install git if it is"
        ):
            read_config(processes, tmp_path)
    finally:
        processes.stop()


def test_a_token_in_a_url_is_not_said(ground):
    git("config", "remote.origin.url", "http://tok3n@127.0.0.1:9/shop.git", where=ground.product)
    with pytest.raises(OutsideError, match=r"`git ls-remote http://127.0.0.1:9/shop.git` failed") as error:
        ground.runner().remote_heads()
    assert "tok3n" not in error.value.what.split("failed")[0]


# ---- partial clones and signatures ----------------------------------------------------------------------------


@pytest.mark.parametrize("kept", ["blob:none", "tree:0", "blob:limit=1"])
def test_a_partial_clone_fetches_what_is_missing(ground, kept):
    bare = ground.root / "a.git"
    for key in ("allowFilter", "allowAnySHA1InWant"):
        git("config", f"uploadpack.{key}", "true", where=bare)
    (ground.product / "a.py").write_text("a = 2\n")
    git("commit", "--quiet", "--all", "--message=More", where=ground.product)
    git("push", "--quiet", str(bare), "main", where=ground.product)
    git("clone", "--quiet", f"--filter={kept}", "--no-checkout", f"file://{bare}", "partial", where=ground.root)
    ground.product = ground.root / "partial"
    runner = ground.runner()
    head = runner.head("main")
    before = git("rev-parse", "main^", where=ground.product)
    assert runner.read(before, "a.py") == b"a = 1\n"
    assert "+a = 2" in runner.diff(before, head)
    runner.checkout(ground.root / "tree", before, "01")
    assert (ground.root / "tree" / "a.py").read_text() == "a = 1\n"


def test_commits_are_signed_as_configured(ground):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", ground.root / "key"], check=True)
    ground.configure(f"[commit]\n gpgSign = true\n[gpg]\n format = ssh\n[user]\n signingKey = {ground.root}/key\n")
    runner = ground.runner(str(ground.root / "a.git"))
    base = runner.head("main")
    runner.checkout(ground.root / "tree", base, "01")
    (ground.root / "tree" / "b.py").write_text("b = 1\n")
    made = runner.commit(ground.root / "tree", base, "01", "feat: work\n")
    assert "gpgsig" in git("cat-file", "commit", made, where=ground.product)
    (ground.root / "key").unlink()
    (ground.root / "tree" / "b.py").write_text("b = 2\n")
    with pytest.raises(OutsideError, match=r"`git commit-tree` failed: .*key"):
        ground.runner(str(ground.root / "a.git")).commit(ground.root / "tree", base, "01", "feat: work\n")


def test_a_merge_with_edits_has_a_maker(ground):
    runner, base = ground.runner(), git("rev-parse", "HEAD", where=ground.product)

    def commits(who, name, text, *words):
        (ground.product / name).write_text(text)
        git("add", "--all", where=ground.product)
        git("-c", f"user.name={who}", "commit", "--quiet", f"--message={name}", *words, where=ground.product)

    def merges(who, branch):
        git("switch", "--quiet", "-C", who, "mine", where=ground.product)
        words = ("git", "-c", f"user.name={who}", "merge", "--quiet", "--no-edit", branch)
        subprocess.run(words, cwd=ground.product, capture_output=True, check=False)

    def makers(base, head):
        return {*runner.makers(*(runner.head(branch) for branch in (base, head)), {})}

    for branch, name, text in (("mine", "a.py", "a = 2\n"), ("theirs", "a.py", "a = 3\n"), ("beside", "b.py", "")):
        git("switch", "--quiet", "-c", branch, base, where=ground.product)
        commits(branch, name, text)
    merges("clean", "beside")
    assert {"mine", "clean"} & makers("beside", "clean") == {"mine"}
    commits("evil", "c.py", "c = 1\n", "--amend", "--reset-author")
    assert "evil" in makers("beside", "clean")
    merges("resolver", "theirs")
    commits("resolver", "a.py", "a = 4\n")
    assert "resolver" in makers("theirs", "resolver")


def test_a_branch_remembers_who_moved_it(ground):
    git("-c", "user.name=Before", "commit", "--quiet", "--allow-empty", "--message=x", where=ground.product)
    assert {"Before", "ada@example.com", "ada"} <= {*ground.runner().movers("main")}
    assert ground.runner().movers("nothing") == ()
