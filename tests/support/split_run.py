"""A milestone whose jobs are split: those with rights start no command, the others reach no remote; without any CI."""

import contextlib
import hashlib
import json
import shutil
import tempfile
from pathlib import Path

from support.actions import files
from support.person import Person


class SplitRun:
    """A shop on a bare remote, and jobs that begin with a fresh checkout each."""

    def __init__(self, folder, *, edit=lambda text: text):
        self.folder, self.remote, self.given = folder, folder / "shop.git", folder / "given"
        self.results, self.jobs = folder / "results", 0
        (folder / "hold").mkdir(parents=True)
        self.ada = Person(folder / "shop")
        for name, text in files(folder / "hold").items():
            path = self.ada.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(edit(text))
        self.git("init", "--quiet", "--bare", "--initial-branch=main", str(self.remote))
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("remote", "add", "origin", str(self.remote))
        self.git("add", ".")
        self.git("commit", "--quiet", "--message=Open the shop")
        self.git("push", "--quiet", "origin", "main")

    def git(self, *words, where="."):
        return self.ada.git(*words, where=where)

    def measures_its_baseline(self):
        result = self.ada.types("m1", "--no-issues", "--state-ref")
        assert result.code == 0, result.out + result.err

    def job(self, source):
        """Somebody in a fresh checkout of what `source` has at HEAD."""
        self.jobs += 1
        job = Person(self.folder / f"job-{self.jobs}" / "shop")
        job.folder.mkdir(parents=True)
        job.git("init", "--quiet", where=".")
        job.git("fetch", "--quiet", str(source), "HEAD", where=".")
        job.git("checkout", "--quiet", "--detach", "FETCH_HEAD", where=".")
        return job

    def publishes(self, *words, env=None):
        """A job with rights; returns what it said, and what is left to work on."""
        job = self.job(self.remote)
        job.git("remote", "add", "origin", str(self.remote), where=".")
        output = job.folder.parent / "output"
        words = ("ci", "publish", "m1", "--lock", "one", *words)
        result = job.types(*words, env={"GITHUB_OUTPUT": str(output), **(env or {})})
        left = json.loads(output.read_text().partition("=")[2]) if output.exists() else []
        return result, left

    def looks(self):
        shutil.rmtree(self.given, ignore_errors=True)
        return self.publishes("--give", str(self.given))

    def works(self, only, **how):
        """A job without rights, which knows no remote."""
        job = self.job(self.given / "project.bundle")
        folders = ("--given", str(self.given), "--result", str(self.results))
        return job.types("ci", "work", "m1", "--only", only, *folders, **how)

    def closes(self, results=None):
        return self.publishes("--results", str(results or self.results))

    def refs(self):
        listed = self.git("for-each-ref", "--format=%(refname) %(objectname)", where=self.remote).splitlines()
        return sorted(line for line in listed if not line.split()[0].endswith("/lock"))

    def pulls(self):
        folder = self.remote.with_suffix(".forge") / "pulls"
        return [json.loads(path.read_text()) for path in sorted(folder.iterdir())] if folder.exists() else []

    def refuses(self, results, why):
        """Let a job with rights take up these results: it says why it does not, and nothing is used of them."""
        before = self.refs()
        with self.put_back():
            result, left = self.closes(results)
            assert (result.code, left) == (1, []), result.out
            assert why in result.err, result.err
            assert "Nothing of it was used." in result.err or "Nothing here was changed." in result.err
            assert (self.refs(), self.pulls()) == (before, [])

    @contextlib.contextmanager
    def put_back(self):
        """Have the remote and the forge as they were, whatever happens meanwhile."""
        places = self.remote, self.remote.with_suffix(".forge")
        kept = Path(tempfile.mkdtemp(dir=self.folder))
        present = [place for place in places if place.exists()]
        for place in present:
            shutil.copytree(place, kept / place.name)
        try:
            yield
        finally:
            for place in places:
                shutil.rmtree(place, ignore_errors=True)
            for place in present:
                shutil.move(kept / place.name, place)

    # ---- what a job that is not ours could hand back ----------------------------------------------------------

    def forged(self, name, change):
        """Another result, in which `change` edited the records in a checkout of them, or the refs beside."""
        place, out = self.folder / f"forged-{name}", self.folder / f"results-{name}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        out.mkdir(exist_ok=True)
        (bundle,) = self.results.glob("*.bundle")
        self.git("init", "--quiet", str(place))
        self.git("fetch", "--quiet", str(self.remote), "+refs/heads/*:refs/remotes/origin/*", where=place)
        self.git("fetch", "--quiet", str(bundle), "+refs/*:refs/*", where=place)
        state = "refs/run-milestone/m1/state"
        self.git("checkout", "--quiet", "--detach", state, where=place)
        change(place)
        self.git("add", "--all", where=place)
        self.git("commit", "--quiet", "--allow-empty", "--message=Forged", where=place)
        self.git("update-ref", state, "HEAD", where=place)
        refs = self.git("for-each-ref", "--format=%(refname)", "refs/run-milestone", "refs/heads", where=place).split()
        self.git("bundle", "create", "--quiet", str(out / "all.bundle"), *refs, where=place)
        return out


def journal_adds(place, **entry):
    """Append a well chained entry to the journal in a checkout of records."""
    path = Path(place) / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    last = json.loads(lines[-1])
    bound = {"n": last["n"] + 1, "at": last["at"], **entry, "prev": hashlib.sha256(lines[-1]).hexdigest()}
    path.write_bytes(b"".join([*lines, json.dumps(bound).encode() + b"\n"]))
