"""What the runner does with git in real repositories: nothing in a tree runs code, and nobody's work is lost."""

import os
import shutil
import stat
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from run_milestone.adapters.git import Git
from run_milestone.adapters.git.repository import common_directory
from run_milestone.adapters.process import Processes, coprocess
from run_milestone.core.errors import OutsideError, UsageError

CODE = "if x:\n    a()\n    b()\n"
RECORDER = '#!/bin/sh\nwhile read old new ref; do echo "$ref $old $new" >> "$0.log"; done\n'


def git(*words, where, env=None):
    """Somebody else's git: a person's, or an agent's."""
    return subprocess.run(
        ["git", *words], cwd=where, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=True
    ).stdout.strip()


@dataclass
class Bench:
    """A product with one commit, its bare remote that records every update, and the runner's git."""

    root: Path

    def __post_init__(self):
        self.product, self.remote, self.tree = (
            self.root / "product",
            self.root / "remote.git",
            self.root / "trees" / "03",
        )
        self.product.mkdir()
        git("init", "--quiet", "--initial-branch=main", ".", where=self.product)
        self.base = self.person({"a.py": CODE, "src/b.py": "b\n", "image.bin": b"\0\1\2"})
        git("init", "--quiet", "--bare", "--initial-branch=main", str(self.remote), where=self.root)
        git("push", "--quiet", str(self.remote), "main", where=self.product)
        hook = self.remote / "hooks" / "post-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(RECORDER)
        hook.chmod(0o755)
        self.git = self.runner()

    def runner(self, remote=None, name="m4.1"):
        return Git(Processes(), self.product, remote or str(self.remote), name=name, root=self.root)

    def person(self, files, where=None, message="work"):
        where = where or self.product
        self.write(files, where)
        git("add", "--all", where=where)
        git("commit", "--quiet", "--allow-empty", f"--message={message}", where=where)
        return git("rev-parse", "HEAD", where=where)

    def write(self, files, where):
        for name, content in files.items():
            path = where / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def agent(self, files=None, base=None, also=lambda tree: None):
        """Let an agent work in the tree; returns the commit that the runner makes of it."""
        self.git.checkout(self.tree, base or self.base, "03")
        self.write(files or {}, self.tree)
        also(self.tree)
        return self.git.commit(self.tree, base or self.base, "03", "feat: work\n")

    def updates(self):
        """The refs of the remote that anybody moved since the beginning."""
        log = self.remote / "hooks" / "post-receive.log"
        return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []

    def rebased(self, head, base):
        """What a clean rebase makes of one commit."""
        self.git.set_branch("rebased", head, self.git.head("rebased"))
        place = self.root / "rebase"
        git("worktree", "add", "--quiet", "--detach", str(place), base, where=self.product)
        git("cherry-pick", head, where=place)
        made = git("rev-parse", "HEAD", where=place)
        git("worktree", "remove", "--force", str(place), where=self.product)
        return made


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


# ---- reading --------------------------------------------------------------------------------------------------


def test_heads_and_absence(bench):
    assert bench.git.head("main") == bench.base
    assert bench.git.head("nowhere") is None
    assert bench.git.heads() == {"main": bench.base}
    assert (bench.git.has(bench.base), bench.git.has("1" * 40)) == (True, False)


def test_a_git_that_fails_is_no_answer(bench, monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text("#!/bin/sh\nexit 128\n")
    (tmp_path / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    for ask in (
        lambda: bench.git.head("main"),
        lambda: bench.git.is_ancestor(bench.base, "1" * 40),
        lambda: bench.git.join(bench.base, "1" * 40, "m"),
        bench.git.heads,
        bench.git.remote_heads,
    ):
        with pytest.raises(OutsideError, match="failed"):
            ask()


def test_an_empty_or_garbled_git_answer_is_refused(bench, monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin" / "git"
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    for answer in ("", "main", "HEAD refs/heads/main", "0123\trefs/heads/main", "a" * 39):
        shim.write_text(f"#!/bin/sh\nprintf '{answer}\\n'\n")
        shim.chmod(0o755)
        with pytest.raises(OutsideError, match=r"no object id|no answer"):
            bench.git.head("main")
        with pytest.raises(OutsideError, match="no object id"):
            bench.git.merge_base(bench.base, bench.base)


@pytest.mark.parametrize("does", ["exec sleep 600", "while read -r line; do printf '{base} commit 3\\n2\\n'; done"])
def test_a_cat_file_without_proper_answers_is_ended(bench, monkeypatch, tmp_path, does):
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin" / "git"
    shim.write_text(f"#!/bin/sh\n{does.format(base=bench.base)}\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(coprocess, "PATIENCE", 0.3)
    for ask in (lambda: bench.git.read(bench.base, "a.py"), lambda: [bench.git.head("main") for _ in range(2)]):
        with pytest.raises(OutsideError, match="no answer"):
            ask()


@pytest.mark.parametrize("odd", ["x\u2028y", "x\u0085y", "ä/ö", "x'y", 'x"y', "-x", "x;y", "$(id)"])
def test_a_branch_of_any_name_disturbs_nobody(bench, odd):
    git("update-ref", f"refs/heads/{odd}", bench.base, where=bench.product)
    git("update-ref", f"refs/heads/{odd}", bench.base, where=bench.remote)
    assert bench.git.heads()[odd] == bench.base
    assert bench.git.remote_heads()[odd] == bench.base
    assert bench.git.head(odd) == bench.base
    bench.git.fetch(odd)


def test_commits_are_read_whatever_their_messages_hold(bench):
    person = bench.person({}, message="odd\x0c sub\u2028ject\n\nRun-Milestone: folded\n  m4.1/03 attempt-9")
    ours = bench.person({"c.py": ""}, message="feat: ours\n\n- says\n\nRun-Milestone: m4.1/03 attempt-2")
    other = bench.person({}, message="feat: of another issue\n\nRun-Milestone: m4.1/031 attempt-3")
    listed = bench.git.commits(bench.base, other, "m4.1/03")
    assert [(commit.sha, commit.attempt) for commit in listed] == [(person, 9), (ours, 2), (other, None)]
    assert listed[0].subject == "odd\x0c sub\u2028ject"


def test_committed_bytes_are_read_and_links_lead_nowhere(bench, tmp_path):
    (tmp_path / "secret").write_text("secret")
    head = bench.agent(also=lambda tree: (tree / "link").symlink_to(tmp_path / "secret"))
    assert bench.git.read(head, "image.bin") == b"\0\1\2"
    assert bench.git.read(head, "link") == str(tmp_path / "secret").encode()
    assert [bench.git.read(head, path) for path in ("src", "nothing", "../secret", "/etc/passwd")] == [None] * 4
    assert bench.git.listing(head, "src") == ("src/b.py",)


def test_files_of_any_name_and_size_are_read(bench):
    files = {"a\nb.py": b"of two lines\n", "ä b:c missing": b"", "large.bin": bytes(range(256)) * 20_000}
    head = bench.agent(files)
    assert {path: bench.git.read(head, path) for path in files} == files
    assert bench.git.read(head, "no\nfile") is None
    assert bench.git.head("main") == bench.base, "and what is asked next gets its own answer"


def test_a_surrounding_git_does_not_lead_astray(bench, monkeypatch, tmp_path):
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # as in a hook that starts a run
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    assert bench.git.head("main") == bench.base
    assert bench.git.read(bench.base, "src/b.py") == b"b\n"
    assert bench.runner(name="m4.2").head("main") == bench.base
    monkeypatch.undo()


def test_a_shallow_clone_works(bench, tmp_path):
    bench.person({"a.py": "later\n"})
    git("clone", "--quiet", "--depth=1", f"file://{bench.product}", "shallow", where=tmp_path)
    shallow = Git(Processes(), tmp_path / "shallow", str(bench.remote), name="m4.1", root=tmp_path)
    head = shallow.head("main")
    shallow.checkout(tmp_path / "t", head, "03")
    (tmp_path / "t" / "new").write_text("")
    made = shallow.commit(tmp_path / "t", head, "03", "new\n")
    assert shallow.merge_base(head, made) == head
    assert len(shallow.commits(head, made, "m")) == 1


# ---- what a change is -----------------------------------------------------------------------------------------

DIFFERENT = {
    "indentation": ({"a.py": CODE + "    c()\n"}, {"a.py": CODE + "c()\n"}),
    "trailing white space": ({"a.py": CODE + "c \n"}, {"a.py": CODE + "c\n"}),
    "line end": ({"a.py": CODE + "c\r\n"}, {"a.py": CODE + "c\n"}),
    "no newline at the end": ({"a.py": CODE + "c\n"}, {"a.py": CODE + "c"}),
    "bytes that are not UTF-8": ({"l": b"\xe9\n"}, {"l": b"\xe8\n"}),
    "binary content": ({"image.bin": b"\0\1\3"}, {"image.bin": b"\0\1\4"}),
    "new binary file": ({"x.bin": b"\0a"}, {"x.bin": b"\0b"}),
    "after a NUL": ({"x.js": b"x" * 9000 + b"\na\0b\n"}, {"x.js": b"x" * 9000 + b"\na\0c\n"}),
    "name": ({"one.py": "x\n"}, {"two.py": "x\n"}),
    "empty file's name": ({"one.py": ""}, {"two.py": ""}),
    "an empty file more": ({"one.py": "x\n"}, {"one.py": "x\n", "two.py": ""}),
    "a hunk's look-alike": ({"a.py": CODE + "@@ -1 +1 @@\n"}, {"a.py": CODE + "@@ -1 +2 @@\n"}),
    "an index line's look-alike": ({"a.py": CODE + "index 1..2\n"}, {"a.py": CODE + "index 1..3\n"}),
}


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_another_change_has_another_identity(bench, one, other):
    first, second = (bench.git.patch_id(bench.base, bench.agent(files)) for files in (one, other))
    assert first
    assert second
    assert first != second


def test_one_byte_among_megabytes_changes_the_digest(bench):
    lines = [b"%070d\n" % number for number in range(40_000)]
    one = bench.agent({"large.txt": b"".join(lines)})
    lines[20_000] = b"x" * 70 + b"\n"
    other = bench.agent({"large.txt": b"".join(lines)})
    assert bench.git.patch_id(bench.base, one) != bench.git.patch_id(bench.base, other)
    assert "x" * 70 in bench.git.diff(bench.base, other, "--unified=0")
    assert bench.git.measure(bench.base, other) == (1, 40_000)


def test_modes_and_links_belong_to_the_change(bench):
    def mode(bits):
        return lambda tree: (tree / "a.py").chmod(bits)

    def link(target):
        return lambda tree: (tree / "link").symlink_to(target)

    plain = bench.agent({"a.py": "x\n"})
    runs = bench.agent({"a.py": "x\n"}, also=mode(0o755))
    here, elsewhere = bench.agent(also=link("here")), bench.agent(also=link("there"))
    assert len({bench.git.patch_id(bench.base, head) for head in (plain, runs, here, elsewhere)}) == 4


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: (tree / "a.py").chmod(0o755),
        lambda tree: (tree / "a.py").unlink(),
        lambda tree: (tree / "a.py").write_text(CODE.upper()),  # as long as before
        lambda tree: (tree / "src" / "b.py").rename(tree / "b.py"),
        lambda tree: ((tree / "a.py").unlink(), (tree / "a.py").symlink_to("image.bin")),
        lambda tree: ((tree / "a.py").unlink(), (tree / "a.py").mkdir(), (tree / "a.py" / "x").write_text("")),
        lambda tree: (tree / "empty").write_text(""),
    ],
)
def test_only_differences_are_committed(bench, change):
    made = bench.agent(also=change)
    assert made != bench.base
    assert bench.git.measure(bench.base, made) != (0, 0)
    again = bench.agent(base=made, also=lambda tree: (tree / "image.bin").write_bytes(b"\0\1\2"))
    assert again == made


def test_a_clean_rebase_keeps_the_identity(bench):
    far = "".join(f"line {number}\n" for number in range(60))
    base = bench.person({"far.py": far, "x.bin": b"\0" * 100})
    head = bench.agent({"far.py": far.replace("line 50\n", "fifty\n"), "x.bin": b"\0" * 99 + b"1", "new.py": ""}, base)
    moved = bench.person({"far.py": "import this\n" * 5 + far, "other.py": "x\n"})
    rebased = bench.rebased(head, moved)
    assert bench.git.patch_id(moved, rebased) == bench.git.patch_id(base, head) != ""


TWINS = "def {}():\n    check()\n    log()\n    wait()\n    return False\n    # end\n    # end\n    # end\n\n\n"


def test_equal_hunks_in_two_functions_differ(bench):
    twins = {name: TWINS.format(name) for name in ("guest", "admin", "owner")}
    opened = {name: text.replace("False", "True") for name, text in twins.items()}
    base = bench.person({"auth.py": "".join(twins.values())})
    heads = [bench.agent({"auth.py": "".join({**twins, name: opened[name]}.values())}, base) for name in twins]
    assert len({bench.git.patch_id(base, head) for head in heads}) == 3
    assert len({bench.git.patch_id_without_places(base, head) for head in heads}) == 1


def test_a_place_survives_a_clean_rebase(bench):
    guest, admin = TWINS.format("guest"), TWINS.format("admin")
    base = bench.person({"auth.py": guest + admin})
    head = bench.agent({"auth.py": guest + admin.replace("False", "True")}, base)
    moved = bench.person({"auth.py": "import this\n" * 9 + guest.replace("guest", "visitor") + admin})
    rebased = bench.rebased(head, moved)
    assert bench.git.patch_id(moved, rebased) == bench.git.patch_id(base, head)


def test_lines_that_stand_once_need_no_place(bench):
    head = bench.agent({"a.py": CODE + "more\n", "new.py": "x\n"})
    assert bench.git.patch_id(bench.base, head) == bench.git.patch_id_without_places(bench.base, head)


def test_an_empty_change_has_none(bench):
    assert bench.agent() == bench.base
    assert bench.git.patch_id(bench.base, bench.base) == ""
    assert bench.git.patch_id(bench.base, bench.person({}, message="empty")) == ""


def test_files_and_lines_are_measured(bench):
    head = bench.agent({"a.py": CODE + "c()\n", "image.bin": b"\0new", "tab\there\n.py": "x\ny\n"})
    assert bench.git.measure(bench.base, head) == (3, 3)


def test_a_moved_submodule_shows_as_a_change(bench, tmp_path):
    def pinned(sha):
        git("update-index", "--add", "--cacheinfo", f"160000,{sha},vendor", where=bench.product)
        git("commit", "--quiet", "--message=pin", where=bench.product)
        return git("rev-parse", "HEAD", where=bench.product)

    (bench.product / ".gitmodules").write_text('[submodule "v"]\n\tpath = vendor\n\turl = x\n\tignore = all\n')
    git("add", ".gitmodules", where=bench.product)
    one = pinned("1" * 40)
    two = pinned("2" * 40)
    assert f"+Subproject commit {'2' * 40}" in bench.git.diff(one, two, "--unified=0")
    assert bench.git.measure(one, two) == (1, 2)
    assert bench.git.patch_id(one, two) != ""


# ---- a directory of its own --------------------------------------------------------------------------------------

KILLED = """
import itertools, os, pathlib, sys
from run_milestone.adapters.git.cmd import GitCmd

def make(place):
    return GitCmd(None, place, "m1", make=True).dir

def read(directory):
    "What it holds, nothing where the next run makes it as if none had been there."
    return [(directory / name).read_text() for name in ("HEAD", "config")] if (directory / "HEAD").exists() else None

def killed_at(left, place):
    "Make it in a child that ends as by kill -9 at its line number `left`; returns whether it came so far."
    def trace(frame, event, _):
        nonlocal left
        left -= event == "line"
        if left < 0:
            os._exit(9)
        return trace
    child = os.fork()
    if not child:
        sys.settrace(trace)
        make(place)
        os._exit(0)
    return os.waitpid(child, 0)[1] != 0

root = pathlib.Path(sys.argv[1])
whole = read(make(root / "whole"))
for line in itertools.count():
    if not killed_at(line, root / str(line)):
        break
    assert read(root / str(line) / "run-milestone" / "m1") in (None, whole), f"killed at line {line}"
print(line)
"""


def test_a_kill_while_initialising_leaves_a_whole_repository(tmp_path):
    result = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 100


# ---- checking out and committing ------------------------------------------------------------------------------


def test_a_tree_holds_exactly_what_is_committed(bench):
    def mess(tree):
        (tree / "src" / "b.py").unlink()
        (tree / "src").rmdir()
        (tree / "src").write_text("a file where a folder was")
        (tree / "a.py").unlink()
        (tree / "a.py").mkdir()
        (tree / "a.py" / "deep").write_text("")
        (tree / ".gitignore").write_text("*.pyc\n")
        (tree / "x.pyc").write_text("")
        git("init", "--quiet", "nested", where=tree)

    bench.git.checkout(bench.tree, bench.base, "03")
    mess(bench.tree)
    bench.git.checkout(bench.tree, bench.base, "03")
    listed = sorted(str(path.relative_to(bench.tree)) for path in bench.tree.rglob("*"))
    assert listed == ["a.py", "image.bin", "src", "src/b.py"]
    assert (bench.tree / "a.py").read_text() == CODE


def test_a_forged_time_does_not_hide_an_edit(bench):
    bench.git.checkout(bench.tree, bench.base, "03")
    path = bench.tree / "a.py"
    times = path.stat()
    path.write_text(CODE.replace("a()", "z()"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert bench.git.commit(bench.tree, bench.base, "03", "m\n") != bench.base
    bench.git.checkout(bench.tree, bench.base, "03")
    assert path.read_text() == CODE


def test_a_folder_that_somebody_made_is_left_alone(bench):
    bench.write({"thesis.txt": "years"}, bench.tree)
    with pytest.raises(UsageError, match="is in the way"):
        bench.git.checkout(bench.tree, bench.base, "03")
    assert (bench.tree / "thesis.txt").read_text() == "years"


def test_nor_one_where_another_tree_was_ours(bench):
    bench.git.checkout(bench.tree, bench.base, "03")
    mine = bench.root / "moved" / "03"
    bench.write({"thesis.txt": "years"}, mine)
    with pytest.raises(UsageError, match="is in the way"):
        bench.git.checkout(mine, bench.base, "03")
    assert (mine / "thesis.txt").read_text() == "years"


def test_a_tree_replaced_by_a_link_leads_nowhere(bench, tmp_path):
    home = tmp_path / "somebodys"
    bench.write({".ssh/id": "key", "thesis.txt": "years"}, home)
    bench.git.checkout(bench.tree, bench.base, "03")
    bench.tree.rename(bench.tree.with_name("away"))
    bench.tree.symlink_to(home)
    with pytest.raises(OutsideError, match="replaced by a link"):
        bench.git.commit(bench.tree, bench.base, "03", "m\n")
    with pytest.raises(UsageError, match="is in the way"):
        bench.git.checkout(bench.tree, bench.base, "03")
    assert sorted(path.name for path in home.rglob("*")) == [".ssh", "id", "thesis.txt"]


def test_a_folder_turned_link_is_not_followed(bench, tmp_path):
    home = tmp_path / "somebodys"
    bench.write({"b.py": "mine\n"}, home)

    def relink(tree):
        (tree / "src" / "b.py").unlink()
        (tree / "src").rmdir()
        (tree / "src").symlink_to(home)

    head = bench.agent(also=relink)
    assert bench.git.read(head, "src") == str(home).encode()
    bench.git.checkout(bench.tree, bench.base, "03")
    assert (home / "b.py").read_text() == "mine\n"
    assert os.listdir(home) == ["b.py"]
    assert (bench.tree / "src" / "b.py").read_text() == "b\n"


@pytest.mark.parametrize("committed", [True, False])
def test_what_a_nested_repository_holds_counts_as_files(bench, committed):
    def nest(tree):
        (tree / "vendor").mkdir()
        git("init", "--quiet", ".", where=tree / "vendor")
        (tree / "vendor" / "evil.py").write_text("evil\n")
        if committed:
            bench.person({}, where=tree / "vendor")

    head = bench.agent(also=nest)
    assert bench.git.read(head, "vendor/evil.py") == b"evil\n"
    assert "+evil" in bench.git.diff(bench.base, head)


def test_devices_pipes_and_sockets_are_no_files(bench):
    began = time.monotonic()
    assert bench.agent(also=lambda tree: os.mkfifo(tree / "pipe")) == bench.base
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6755])
def test_no_program_of_a_tree_sets_an_id(bench, mode):
    def leave(tree):
        (tree / "tool").write_text("#!/bin/sh\n")
        (tree / "tool").chmod(mode)

    head = bench.agent(also=leave)
    assert stat.S_IMODE((bench.tree / "tool").stat().st_mode) == 0o755
    assert bench.git.read(head, "tool") == b"#!/bin/sh\n"


@pytest.mark.parametrize("folder", ["__pycache__", "src/__pycache__", "tests/deep/__pycache__"])
def test_bytecode_of_a_run_is_not_committed(bench, folder):
    def leave(tree):
        (tree / folder).mkdir(parents=True)
        (tree / folder / "widgets.cpython-311.pyc").write_bytes(b"planted")

    assert bench.agent(also=leave) == bench.base


@pytest.mark.parametrize("name", ["pipe", "conftest.py", "src/deep/pipe"])
def test_pipes_do_not_stay_in_a_tree(bench, name):
    bench.git.checkout(bench.tree, bench.base, "03")
    (bench.tree / name).parent.mkdir(exist_ok=True)
    os.mkfifo(bench.tree / name)
    bench.git.checkout(bench.tree, bench.base, "03")
    assert not (bench.tree / name).exists()


def nested(tree):
    at = os.open(tree, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=at)
        at, before = os.open("d", os.O_RDONLY, dir_fd=at), at
        os.close(before)
    os.close(at)


def flood(tree):
    for number in range(120):
        (tree / f"part-{number}").write_text("x")


def weight(tree):
    with (tree / "heavy.bin").open("wb") as file:
        file.truncate(2 << 20)


@pytest.mark.parametrize(
    ("leaves", "why"),
    [
        (nested, "d/d/d/… in .* is nested too deep to commit"),
        (flood, r"adds or changes 120 files \(limit 100\), most of it in part-"),
        (weight, r"adds or changes 2 MiB \(limit 1\), most of it in heavy.bin"),
    ],
)
def test_a_tree_without_bounds_is_not_committed(bench, monkeypatch, leaves, why):
    monkeypatch.setattr("run_milestone.adapters.git.leftovers.MOST_FILES", 100)
    monkeypatch.setattr("run_milestone.adapters.git.leftovers.MOST_BYTES", 1 << 20)
    with pytest.raises(OutsideError, match=why):
        bench.agent(also=leaves)
    bench.git.checkout(bench.tree, bench.base, "03")
    assert sorted(os.listdir(bench.tree)) == ["a.py", "image.bin", "src"]


def test_locks_of_a_killed_call_are_removed(bench):
    bench.git.checkout(bench.tree, bench.base, "03")
    (bench.git.dir / "index-03.lock").write_text("")
    bench.git.checkout(bench.tree, bench.base, "03")


def test_commits_carry_the_owner_and_move_no_branch(bench):
    head = bench.agent({"new.py": ""})
    assert git("log", "-1", "--format=%an <%ae> %s", head, where=bench.product) == "Ada <ada@example.com> feat: work"
    assert bench.git.heads() == {"main": bench.base}


def test_branches_are_merged_without_a_tree(bench):
    one, two = bench.agent({"one.py": "1\n"}), bench.agent({"two.py": "2\n"})
    joined = bench.git.join(one, two, "join\n")
    assert bench.git.is_ancestor(one, joined)
    assert bench.git.is_ancestor(two, joined)
    assert (bench.git.read(joined, "one.py"), bench.git.read(joined, "two.py")) == (b"1\n", b"2\n")
    assert bench.git.join(bench.agent({"a.py": "1\n"}), bench.agent({"a.py": "2\n"}), "join\n") is None


# ---- the user's own -------------------------------------------------------------------------------------------


def test_a_branch_moves_only_from_its_expected_commit(bench):
    one, two = bench.agent({"one.py": ""}), bench.agent({"two.py": ""})
    bench.git.set_branch("feat/x", one, None)
    for old in (None, bench.base, two):
        with pytest.raises(OutsideError):
            bench.git.set_branch("feat/x", two, old)
    assert bench.git.head("feat/x") == one
    bench.git.set_branch("feat/x", two, one)
    assert bench.git.head("feat/x") == two


@pytest.mark.parametrize("linked", [False, True])
def test_a_branch_that_is_checked_out_stays(bench, linked):
    head = bench.agent({"one.py": ""})
    name = "main"
    if linked:
        name = "feat/x"
        git("worktree", "add", "--quiet", "-b", name, str(bench.root / "a worktree"), where=bench.product)
    with pytest.raises(UsageError, match=f"Branch {name} is checked out in"):
        bench.git.set_branch(name, head, bench.base)
    assert bench.git.head(name) == bench.base


def test_a_deleted_worktree_of_a_person_is_recreated(bench):
    bench.git.set_branch("feat/x", bench.base, None)
    place = bench.root / "worktrees" / "m1-01-person"
    for _ in range(2):
        assert bench.git.worktree(place, "feat/x") == place
        shutil.rmtree(place.parent)
    assert bench.git.worktree(place, "feat/x") == place
    git("worktree", "remove", str(place), where=bench.product)
    assert git("worktree", "list", where=bench.product).count("\n") == 0, "git knows of none but the product's own"


def test_the_users_checkout_index_and_stash_stay(bench):
    bench.write({"a.py": "stashed\n"}, bench.product)
    git("stash", where=bench.product)
    bench.write({"a.py": "staged\n"}, bench.product)
    git("add", "a.py", where=bench.product)
    bench.write({"a.py": "unstaged\n", "untracked.txt": "mine"}, bench.product)

    def users_files():
        folder = bench.product / ".git"
        files = ["index", "HEAD", "config", "refs/stash", "refs/heads/main", "logs/HEAD"]
        return [(folder / name).read_bytes() for name in files] + [
            git("status", "--porcelain", where=bench.product, env={"GIT_OPTIONAL_LOCKS": "0"}),
            (bench.product / "a.py").read_text(),
        ]

    before = users_files()
    head = bench.agent({"a.py": "agent\n", "new.py": ""})
    bench.git.set_branch("feat/x", head, None)
    bench.git.push(head, "feat/x", None)
    bench.git.fetch("feat/x")
    bench.git.join(head, bench.base, "m\n")
    assert bench.git.uncommitted() == 1
    assert users_files() == before


# ---- the remote -----------------------------------------------------------------------------------------------


def test_only_the_branch_that_was_asked_for_moves(bench, monkeypatch, tmp_path):
    (tmp_path / "gitconfig").write_text(
        "[user]\n name = Ada\n email = ada@example.com\n[remote]\n pushDefault = main\n"
        "[push]\n followTags = true\n default = matching\n recurseSubmodules = on-demand\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    head = bench.agent({"new.py": ""})
    git("tag", "-a", "v1", "--message=v1", head, where=bench.product)
    git("branch", "other", head, where=bench.product)
    git("update-ref", "refs/heads/main", head, where=bench.product)
    assert bench.git.push(head, "feat/x", None) == head
    again = bench.agent({"new.py": "x\n"}, base=head)
    assert bench.git.push(again, "feat/x", head) == again
    moved = bench.updates()
    print(f"figure: foreign updates: {len([ref for ref in moved if ref != 'refs/heads/feat/x'])} of {len(moved)}")
    assert moved == ["refs/heads/feat/x"] * 2
    assert bench.git.remote_heads() == {"main": bench.base, "feat/x": again}


def test_a_foreign_commit_is_not_lost(bench, tmp_path):
    head = bench.agent({"new.py": ""})
    bench.git.push(head, "feat/x", None)
    git("clone", "--quiet", "--branch=feat/x", str(bench.remote), "clone", where=tmp_path)
    foreign = bench.person({"foreign.py": ""}, where=tmp_path / "clone")
    git("push", "--quiet", "origin", "feat/x", where=tmp_path / "clone")
    for expected in (head, None, bench.base):
        with pytest.raises(OutsideError, match="push"):
            bench.git.push(bench.agent({"mine.py": ""}, base=head), "feat/x", expected)
    assert bench.git.remote_heads()["feat/x"] == foreign


def test_a_deleted_branch_is_not_recreated_unasked(bench):
    head = bench.agent({"new.py": ""})
    bench.git.push(head, "feat/x", None)
    git("update-ref", "-d", "refs/heads/feat/x", where=bench.remote)
    with pytest.raises(OutsideError):
        bench.git.push(bench.agent({"x.py": ""}, base=head), "feat/x", head)
    assert bench.git.remote_heads() == {"main": bench.base}


def test_a_remote_that_refuses_is_heard(bench):
    hook = bench.remote / "hooks" / "pre-receive"
    hook.write_text(
        "#!/bin/sh\necho 'error: GH006: Protected branch update failed for refs/heads/feat/x.' >&2\nexit 1\n"
    )
    hook.chmod(0o755)
    with pytest.raises(OutsideError, match=r"`git push` failed: remote: error: GH006: Protected branch update failed"):
        bench.git.push(bench.agent({"x.py": ""}), "feat/x", None)
    assert bench.git.remote_heads() == {"main": bench.base}


@pytest.mark.parametrize("sha", ["", "HEAD", "main", ":", "0" * 39, "+" + "a" * 40])
def test_nothing_but_a_commit_is_pushed(bench, sha):
    with pytest.raises(OutsideError, match="no object id"):
        bench.git.push(sha, "main", bench.base)
    assert bench.updates() == []
    assert bench.git.remote_heads() == {"main": bench.base}


@pytest.mark.parametrize("name", ["a:refs/heads/main", "+main", "x y", "*", "a..b", "@{-1}", "", "~", "x\nmain"])
def test_no_branch_name_reaches_another_ref(bench, name):
    head = bench.agent({"new.py": ""})
    for use in (lambda: bench.git.push(head, name, None), lambda: bench.git.set_branch(name, head, None)):
        try:
            use()
        except OutsideError:
            continue
    assert bench.git.remote_heads()["main"] == bench.git.head("main") == bench.base
    assert "refs/heads/main" not in bench.updates()


@pytest.mark.parametrize(
    "remote",
    [
        "--upload-pack=touch CANARY;:x",
        "-u:touch CANARY",
        "--receive-pack=touch CANARY;:x",
        "--exec=touch CANARY;:x",
        "ext::sh -c touch% CANARY",
        "ssh://-oProxyCommand=touch%20CANARY/x",
        "-oProxyCommand=touch CANARY:x",
        "file://;touch CANARY",
        ":x;touch CANARY",
    ],
)
def test_no_address_runs_anything(bench, remote):
    canary = bench.root / "canary"
    astray = bench.runner(remote.replace("CANARY", str(canary)), name="m4.2")
    head = bench.agent({"new.py": ""})
    for use in (astray.remote_heads, lambda: astray.fetch("main"), lambda: astray.push(head, "feat/x", None)):
        with pytest.raises(OutsideError):
            use()
    assert not canary.exists()


@pytest.mark.parametrize("name", ["--help", "-d", "--upload-pack=touch CANARY", "--exec=touch CANARY", "--force"])
def test_no_name_becomes_an_option(bench, name):
    canary = bench.root / "canary"
    name = name.replace("CANARY", str(canary))
    head = bench.agent({"new.py": ""})
    assert bench.git.head(name) is None
    assert bench.git.checked_out(name) is None
    assert bench.git.read(bench.base, name) is None
    assert bench.git.listing(bench.base, name) == ()
    for use in (lambda: bench.git.fetch(name), lambda: bench.git.set_branch(name, head, bench.base)):
        with pytest.raises(OutsideError):
            use()
    assert not canary.exists()


def test_which_remote_is_meant(bench):
    git("remote", "add", "upstream", "https://forge.example/x.git", where=bench.product)
    assert bench.runner("upstream", "a").url == "https://forge.example/x.git"
    assert bench.runner("remote/x.git", "b").url == str(bench.root / "remote/x.git")
    with pytest.raises(UsageError, match=r"no remote called 'origin' \(it has: upstream\)"):
        bench.runner("origin", "c")


def test_what_is_no_usable_repository_is_told(tmp_path):
    def opened(place):
        return Git(Processes(), place, None, name="m", root=tmp_path)

    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UsageError, match="is not a git repository"):
            opened(place)
    (tmp_path / "new").mkdir()
    git("init", "--quiet", "--object-format=sha256", ".", where=tmp_path / "new")
    with pytest.raises(UsageError, match="SHA-256"):
        opened(tmp_path / "new")


# ---- nothing in a tree runs code ------------------------------------------------------------------------------

EVERY = (
    "post-checkout",
    "pre-commit",
    "commit-msg",
    "post-commit",
    "pre-push",
    "post-index-change",
    "reference-transaction",
)
DRIVERS = (
    '[filter "x"]\n clean = P\n smudge = P\n process = P\n required = true\n[diff "x"]\n textconv = P\n command = P\n'
)
MERGE = '[merge "x"]\n driver = P\n'
PROGRAMS = (
    "[core]\n fsmonitor = P\n editor = P\n pager = P\n sshCommand = P\n gitProxy = P\n alternateRefsCommand = P\n"
    "[diff]\n external = P\n[credential]\n helper = !P\n[gpg]\n program = P\n[commit]\n gpgSign = true\n"
    "[uploadpack]\n packObjectsHook = P\n[alias]\n add = !P\n read-tree = !P\n[sequence]\n editor = P\n"
)


def plant(folder, text, payload):
    """Write a git configuration, with the payload wherever it says P."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "config").open("a") as file:
        file.write(text.replace("= P", f"= {payload}").replace("= !P", f"= !{payload}"))


def own_git(tree, payload, text="", hooks=()):
    git("init", "--quiet", ".", where=tree)
    plant(tree / ".git", text, payload)
    for name in hooks:
        (tree / ".git" / "hooks").mkdir(exist_ok=True)
        os.link(payload, tree / ".git" / "hooks" / name)


def nested(tree, payload, text=PROGRAMS, hooks=EVERY):
    (tree / "vendor").mkdir()
    own_git(tree / "vendor", payload, text, hooks)
    (tree / "vendor" / "x.py").write_text("x\n")


def attributes(tree, payload, where=".gitattributes"):
    _ = payload
    (tree / where).parent.mkdir(parents=True, exist_ok=True)
    (tree / where).write_text("* filter=x diff=x merge=x\n")


def swapped(tree, payload):
    elsewhere = tree.parent / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    own_git(elsewhere, payload, PROGRAMS + DRIVERS, EVERY)
    (tree / ".git").write_text(f"gitdir: {elsewhere / '.git'}\n")


def linked(tree, payload):
    swapped(tree, payload)
    (tree / ".git").unlink()
    (tree / ".git").symlink_to(tree.parent / "elsewhere" / ".git")


def submodule(tree, payload):
    url = f"ext::{payload}"
    (tree / ".gitmodules").write_text(f'[submodule "v"]\n path = vendor\n url = {url}\n update = !{payload}\n')
    nested(tree, payload)


def bare_in_tree(tree, payload):
    git("init", "--quiet", "--bare", ".", where=tree)
    plant(tree, PROGRAMS, payload)
    for name in EVERY:
        (tree / "hooks").mkdir(exist_ok=True)
        os.link(payload, tree / "hooks" / name)


def drivers_and_attributes(tree, payload):
    attributes(tree, payload)
    own_git(tree, payload, DRIVERS + MERGE)


VECTORS = {
    "hooks": lambda tree, payload: own_git(tree, payload, hooks=EVERY),
    "core.hooksPath": lambda tree, payload: own_git(tree, payload, f"[core]\n hooksPath = {Path(payload).parent}\n"),
    "fsmonitor": lambda tree, payload: own_git(tree, payload, "[core]\n fsmonitor = P\n"),
    "programs in .git/config": lambda tree, payload: own_git(tree, payload, PROGRAMS),
    "filters and .gitattributes": drivers_and_attributes,
    "textconv and external diff": lambda tree, payload: (attributes(tree, payload), own_git(tree, payload, DRIVERS)),
    "merge driver": lambda tree, payload: (attributes(tree, payload), own_git(tree, payload, MERGE)),
    "info/attributes": lambda tree, payload: (
        own_git(tree, payload, DRIVERS),
        attributes(tree, payload, ".git/info/attributes"),
    ),
    "included configuration": lambda tree, payload: (
        (tree / "evil").write_text(PROGRAMS.replace("P", payload)),
        own_git(tree, payload, "[include]\n path = ../evil\n"),
    ),
    "configuration of a worktree": lambda tree, payload: (
        own_git(tree, payload, "[extensions]\n worktreeConfig = true\n"),
        (tree / ".git/config.worktree").write_text(PROGRAMS.replace("P", payload)),
    ),
    "a nested repository": nested,
    "a nested repository's hooks": lambda tree, payload: nested(tree, payload, ""),
    "a swapped .git file": swapped,
    "a linked .git": linked,
    "a submodule": submodule,
    "a bare repository as the tree": bare_in_tree,
    "alternates": lambda tree, payload: (
        own_git(tree, payload, PROGRAMS),
        (tree / ".git/objects/info/alternates").write_text("/nowhere\n"),
    ),
    "a .gitconfig": lambda tree, payload: (tree / ".gitconfig").write_text(PROGRAMS.replace("P", payload)),
    "programs called git": lambda tree, payload: [os.link(payload, tree / name) for name in ("git", "git-add", "sh")],
}


def everything(bench, head):
    """Every call that the runner makes around a tree."""
    bench.git.set_branch("feat/x", head, bench.git.head("feat/x"))
    bench.git.diff(bench.base, head, "--unified=0")
    bench.git.measure(bench.base, head)
    bench.git.patch_id(bench.base, head)
    bench.git.commits(bench.base, head, "m")
    bench.git.read(head, "a.py")
    bench.git.listing(head, "src")
    bench.git.uncommitted()
    bench.git.checked_out("feat/x")
    bench.git.join(head, bench.agent({"later.py": ""}), "join\n")
    bench.git.push(head, "feat/x", bench.git.remote_heads().get("feat/x"))
    bench.git.fetch("feat/x")
    bench.git.checkout(bench.tree, head, "03")
    bench.git.checkout(bench.tree, bench.base, "03")


def payload_of(root):
    canary, payload = root / "canary", root / "hooks" / "payload"
    payload.parent.mkdir(exist_ok=True)
    payload.write_text(f'#!/bin/sh\necho "$0 $*" >> "{canary}"\ncat\n')
    payload.chmod(0o755)
    for name in EVERY:
        os.link(payload, payload.with_name(name))
    return str(payload), canary


def test_nothing_an_agent_leaves_runs_in_git(bench, tmp_path):
    payload, canary = payload_of(tmp_path)
    executed = []
    for name, vector in VECTORS.items():
        bench.git.checkout(bench.tree, bench.base, "03")
        vector(bench.tree, payload)
        bench.write({"a.py": f"{name}\n"}, bench.tree)
        canary.unlink(missing_ok=True)  # planting may have run it, which is the agent's own doing
        head = bench.git.commit(bench.tree, bench.base, "03", "feat: work\n")
        everything(bench, head)
        if canary.exists():
            executed.append((name, canary.read_text()))
        subprocess.run(["rm", "-rf", str(bench.tree.parent / "elsewhere")], check=True)
    print(f"figure: row 12: vectors that ran nothing: {len(VECTORS) - len(executed)} / {len(VECTORS)}")
    assert executed == []


def test_the_payloads_run_in_an_unguarded_git(bench, tmp_path):
    """The harness proves itself: plain git in the same trees runs most of them."""
    payload, canary = payload_of(tmp_path)
    ran = []
    for name in (
        "hooks",
        "core.hooksPath",
        "fsmonitor",
        "filters and .gitattributes",
        "a swapped .git file",
        "a linked .git",
    ):
        tree = tmp_path / "plain" / name
        bench.write({"a.py": CODE}, tree)
        VECTORS[name](tree, payload)
        canary.unlink(missing_ok=True)
        subprocess.run(["git", "add", "--all"], cwd=tree, capture_output=True, check=False)
        subprocess.run(["git", "commit", "--quiet", "--message=x"], cwd=tree, capture_output=True, check=False)
        ran += [name] if canary.exists() else []
        subprocess.run(["rm", "-rf", str(tree.parent / "elsewhere")], check=True)
    assert len(ran) == 6, ran


def test_attributes_hide_nothing_from_the_diff(bench):
    head = bench.agent({".gitattributes": "*.py -diff\n*.txt binary\n", "new.py": "evil\n", "new.txt": "evil too\n"})
    shown = bench.git.diff(bench.base, head, "--unified=0")
    assert "+evil\n" in shown
    assert "+evil too\n" in shown
    assert bench.git.measure(bench.base, head) == (3, 4)


@pytest.mark.parametrize("kind", ["checkout", "worktree", "separate", "submodule"])
def test_every_kind_of_checkout_has_its_git_directory(tmp_path, kind):
    """Its box keeps that directory from commands, also where `.git` is a file that names it."""
    product, place = Bench(tmp_path).product, tmp_path / "place"
    words = {
        "worktree": ("worktree", "add", "--quiet", str(place)),
        "separate": ("clone", "--quiet", f"--separate-git-dir={tmp_path}/apart", ".", str(place)),
        "submodule": ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(product), "place"),
    }
    if kind in words:
        git(*words[kind], where=product)
    where = {"checkout": product, "submodule": product / "place"}.get(kind, place)
    wanted = Path(git("rev-parse", "--path-format=absolute", "--git-common-dir", where=where)).resolve()
    assert common_directory(where) == wanted
    assert wanted.is_dir()
