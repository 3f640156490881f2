"""What a job hands back cannot be read, or is not looked at to the end: nothing of it is sent, and it says why."""

import os
import shutil
import subprocess
import time

import pytest

STATE = "refs/run-milestone/m1/state"
LOOK = "Nothing of it was used. Look at the job that made it, then start again."
SECONDS = 30
"""In which a result is refused whose folders hold ten thousand million names."""


def cut_off(content):
    return content[: len(content) // 2]


def of_another_format(content):
    return content.replace(b"# v2 git bundle\n", b"# v3 git bundle\n@object-format=sha256\n", 1)


def with_endless_refs(content):
    head, _, pack = content.partition(b"\n\n")
    commit = head.splitlines()[1].split()[0]
    names = [b"%s refs/run-milestone/m1/01/attempt-%d" % (commit, number) for number in range(30_000)]
    return b"\n".join([head, *names]) + b"\n\n" + pack


UNREADABLE = {
    cut_off: "git cannot read it (`git fetch` failed: ",
    of_another_format: "git cannot read it (",
    with_endless_refs: "git cannot read it (it lists too many refs)",
}


@pytest.mark.parametrize("kind", UNREADABLE, ids=lambda kind: kind.__name__)
def test_an_unreadable_bundle_is_the_jobs_fault(handed_back, kind):
    results = handed_back.forged(kind.__name__, lambda _: None)
    bundle = results / "all.bundle"
    bundle.write_bytes(kind(bundle.read_bytes()))
    handed_back.refuses(results, UNREADABLE[kind])
    result, _ = handed_back.closes(results)
    assert result.err.strip().endswith(LOOK)


def test_records_of_another_history_are_refused(handed_back):
    results = handed_back.forged("unrelated", lambda _: None)
    puts_records(handed_back, results, "unrelated", lambda git: git("commit-tree", f"{STATE}^{{tree}}", "-m", "x"))
    handed_back.refuses(results, "have no history in common)")


def test_folders_without_end_are_refused_soon(handed_back):
    def commits_a_bomb(git):
        blob = git("hash-object", "-w", "journal.jsonl").strip()
        tree = git("mktree", stdin="".join(f"100644 blob {blob}\tf{one}\n" for one in range(10)))
        for _ in range(9):
            tree = git("mktree", stdin="".join(f"040000 tree {tree.strip()}\td{one}\n" for one in range(10)))
        top = f"{git('ls-tree', STATE)}040000 tree {tree.strip()}\tzz\n"
        return git("commit-tree", git("mktree", stdin=top).strip(), "-p", STATE, "-m", "x")

    results = handed_back.forged("bomb", lambda _: None)
    puts_records(handed_back, results, "bomb", commits_a_bomb)
    began = time.monotonic()
    handed_back.refuses(results, "git cannot read it (`git ls-tree` printed too much)")
    assert time.monotonic() - began < SECONDS


def puts_records(run, results, name, commits):
    """Write a bundle again in which the records are those of another commit."""
    place = run.folder / f"forged-{name}"

    def git(*words, stdin=None):
        done = subprocess.run(["git", *words], cwd=place, input=stdin, capture_output=True, text=True, check=True)
        return done.stdout

    git("update-ref", STATE, commits(git).strip())
    refs = git("for-each-ref", "--format=%(refname)", "refs/run-milestone").split()
    git("bundle", "create", "--quiet", str(results / "all.bundle"), *refs)


def test_a_cancel_sends_nothing_unchecked(handed_back, tmp_path):
    """The job is cancelled while it looks at the change, which is when its records are merged already."""
    program = tmp_path / "git"
    program.write_text(
        f"#!/bin/sh\ncase \" $* \" in *' diff'*) mkdir {tmp_path}/cancelled && kill -INT $PPID && sleep 1;; esac\n"
        f'exec {shutil.which("git")} "$@"\n'
    )
    program.chmod(0o755)
    results = handed_back.forged("cancelled", hides_a_finding)
    before = handed_back.refs()
    with handed_back.put_back():
        path = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
        result, left = handed_back.publishes("--results", str(results), env=path)
        assert (tmp_path / "cancelled").exists(), result.out + result.err
        assert (result.code, left) == (130, []), result.err
        assert (handed_back.refs(), handed_back.pulls()) == (before, [])


def hides_a_finding(place):
    path = place / "issues/03/inspect.json"
    path.write_text(path.read_text().replace("Outside the issue's paths", "Nothing to see"))
