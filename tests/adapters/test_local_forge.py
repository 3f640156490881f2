"""The local forge: the contract of every forge, and what being plain files adds to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.forge_contract import HEAD, ForgeContract, Ground

from run_milestone.adapters.forge.local import LocalForge
from run_milestone.core.errors import DamagedStateError, OutsideError
from run_milestone.model import Label, Proposal

ROOT = Path(__file__).parents[2]


class LocalGround(Ground):
    """A forge in files beside the bare remote."""

    @property
    def folder(self):
        return self.remote.with_suffix(".forge")

    def open(self):
        return LocalForge(self.folder, self.runner(), "main")

    def labels(self):
        entries = json.loads((self.folder / "labels.json").read_text())
        return {name: Label(name, entry["colour"], entry["description"]) for name, entry in entries.items()}

    def says(self, number, author, body, *, writer):
        path = self.folder / "pulls" / f"{number}.json"
        record = json.loads(path.read_text())
        comment = {"author": author, "body": body, "writer": writer}
        path.write_text(json.dumps({**record, "comments": [*record["comments"], comment]}))

    def reviews(self, number, author, state, *, threads=(), **what):
        path = self.folder / "pulls" / f"{number}.json"
        record, names = json.loads(path.read_text()), ("path", "line", "body", "resolved")
        entries = [dict(zip(names, thread, strict=True)) for thread in threads]
        usual = {"at": "2026-11-27T08:00:00Z", "body": ""}
        review = {"author": author, "state": state, **usual, **what, "threads": entries}
        path.write_text(json.dumps({**record, "reviews": [*record.get("reviews", []), review]}))

    def replies(self, number):
        record = json.loads((self.folder / "pulls" / f"{number}.json").read_text())
        threads = (thread for review in record["reviews"] for thread in review["threads"])
        return [reply["body"] for thread in threads for reply in thread.get("replies", [])]

    def dismisses(self, number):
        path = self.folder / "pulls" / f"{number}.json"
        record = json.loads(path.read_text())
        record["reviews"][-1]["state"] = "dismissed"
        path.write_text(json.dumps(record))

    def checked(self, commit, *checks):
        path = self.folder / "checks" / f"{commit}.json"
        path.parent.mkdir(exist_ok=True)
        names = ("name", "state", "required", "log")
        path.write_text(json.dumps({"checks": [dict(zip(names, check, strict=True)) for check in checks]}))


@pytest.fixture
def ground(tmp_path):
    return LocalGround(tmp_path)


@pytest.fixture
def folder(ground):
    return ground.folder


@pytest.fixture
def forge(ground):
    return ground.open()


def propose(forge, head="feature/a"):
    return forge.create(head, Proposal("A", "", "milestone/m4.1"))


class TestContract(ForgeContract):
    """Every forge's promises, kept by the local one."""

    @pytest.mark.parametrize("moved", [False, True])
    def test_a_merge_whose_last_write_failed(self, ground, forge, propose, moved):
        made = propose()
        forge.merge(made.number, head=made.head_sha)
        path = ground.folder / "pulls" / f"{made.number}.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "state": "open"}))
        if moved:
            ground.push(HEAD, {"later.txt": "later\n"})
        assert forge.pulls()[0].state == ("open" if moved else "merged")
        if not moved:
            forge.create("milestone/m4.1", Proposal("M4.1", "", "main"))
            assert json.loads(path.read_text())["state"] == "merged", "the next write ends it"
            assert forge.merge(made.number, head=made.head_sha).state == "merged"


def test_numbers_go_on_after_what_the_sample_holds(folder, forge):
    shutil.copytree(ROOT / "plans" / "m4.1" / "sample" / "forge", folder)
    assert [(pull.number, pull.state) for pull in forge.pulls()] == [(308, "merged"), (309, "merged")]
    made = propose(forge)
    assert made.number == 310
    assert made.url == "widgets.forge/pulls/310.json"


def test_issues_and_pull_requests_share_their_numbers(folder, forge):
    (folder / "issues").mkdir(parents=True)
    (folder / "issues" / "41.json").write_text("{}")
    (folder / "issues" / "notes.json").write_text("not one of ours")
    assert propose(forge).number == 42


def test_a_person_merges_with_an_editor(folder, forge):
    number = propose(forge).number
    forge.comment(number, "Looks good")
    path = folder / "pulls" / f"{number}.json"
    record = json.loads(path.read_text())
    assert record["comments"][0]["body"] == "Looks good"
    assert {"created", "updated", "head_sha"} <= record.keys()
    path.write_text(json.dumps({**record, "state": "merged", "reviewer": "ada"}))
    assert forge.pulls()[0].state == "merged"
    for refused in (forge.close, forge.reopen):
        with pytest.raises(OutsideError, match="is merged"):
            refused(number)
    forge.set_draft(number, draft=True)
    assert json.loads(path.read_text())["reviewer"] == "ada"


def test_saying_the_same_again_writes_nothing(folder, forge):
    made = propose(forge)
    before = os.stat(folder / "pulls" / f"{made.number}.json").st_mtime_ns
    assert propose(forge) == made
    assert os.stat(folder / "pulls" / f"{made.number}.json").st_mtime_ns == before
    assert [path.name for path in (folder / "pulls").iterdir()] == [f"{made.number}.json"]


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        "null",
        '{"number": 2}',
        '{"number": 1, "head": "a", "base": "b", "title": "", "body": ""}',
        '{"number": 1, "head": "a", "base": "b", "title": "", "body": "", "state": "done"}',
        '{"number": 1, "head": "a", "base": "b", "title": "", "body": "", "state": "open", "labels": "x"}',
        '{"number": 1, "head": "a", "base": "b", "title": "", "body": "", "state": "open", "draft": "no"}',
    ],
)
def test_a_damaged_file_is_named(folder, forge, damage):
    propose(forge)
    (folder / "pulls" / "1.json").write_text(damage)
    for act in (forge.pulls, lambda: propose(forge, "feature/b"), lambda: forge.close(1)):
        with pytest.raises(DamagedStateError, match=r"1\.json"):
            act()
    assert [path.name for path in (folder / "pulls").iterdir()] == ["1.json"]


def test_a_file_where_a_folder_belongs_is_named(folder, forge):
    folder.mkdir(parents=True)
    (folder / "pulls").write_text("")
    with pytest.raises(DamagedStateError, match="pulls"):
        forge.pulls()


def test_an_unwritable_forge_is_explained(ground, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutsideError, match=r"cannot be written: .*file"):
        propose(LocalForge(tmp_path / "file" / "product.forge", ground.runner(), "main"))


def test_an_unusable_check_file_is_named(ground, forge, folder):
    commit = ground.push("feature/a", {"b.txt": "b"})
    number = propose(forge).number
    for damage in ("{", "[]", '{"checks": [{"name": "tests"}]}', '{"checks": [{"name": "tests", "state": "green"}]}'):
        ground.checked(commit)
        (folder / "checks" / f"{commit}.json").write_text(damage)
        with pytest.raises(DamagedStateError, match="checks"):
            forge.checks(number)


def test_parallel_processes_share_no_number_or_branch(ground, folder):
    body = (
        "import sys; from pathlib import Path; from run_milestone.adapters.forge.local import LocalForge\n"
        "from run_milestone.adapters.git import Git; from run_milestone.adapters.process import Processes\n"
        "from run_milestone.model import Proposal\n"
        "folder, product, remote, label = sys.argv[1:]\n"
        "git = Git(Processes(), Path(product), remote, name=label, root=Path('/'))\n"
        "for head in 'abcdefgh':\n"
        "    LocalForge(Path(folder), git, 'main').create(head, Proposal(head, '', 'm', (label,)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tasks")}
    words = (str(folder), str(ground.product), str(ground.remote))
    writers = [
        subprocess.Popen([sys.executable, "-c", body, *words, label], env=environment) for label in ("x", "y", "z")
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    pulls = ground.open().pulls()
    assert [pull.number for pull in pulls] == list(range(1, 9))
    assert {frozenset(pull.labels) for pull in pulls} == {frozenset("xyz")}
