"""The founding example on GitHub: the same summary, by the real gh, against a GitHub on this machine."""

import json
import subprocess
import sys
from pathlib import Path

import loopback
import pytest

pytestmark = pytest.mark.skipif(loopback.missing() is not None, reason=str(loopback.missing()))

EXAMPLE = Path(__file__).parents[1] / "plans" / "m4.1"


@pytest.fixture
def github(tmp_path, monkeypatch):
    """A GitHub that holds what the sample's forge holds: issues 295 to 307, pull requests 308 and 309."""
    github = loopback.GitHub(tmp_path / "hub")
    for name, value in github.environment(tmp_path / "operator").items():
        monkeypatch.setenv(name, value)
    for path in sorted((EXAMPLE / "sample/forge").glob("*/*.json")):
        said = json.loads(path.read_text())
        github.world.next_number = said["number"]
        thing = github.world.add(title=said["title"], body=said["body"], author="grace", state=said["state"].upper())
        thing.head, thing.base, thing.last_head = said.get("head"), said.get("base"), "0" * 40
    yield github
    github.close()


@pytest.fixture
def ada(person, github):
    """Somebody with the example's plan and product, whose remote is on GitHub."""
    plan = person.folder / "plans/m4.1"
    subprocess.run(["cp", "-r", str(EXAMPLE), str(plan.parent.mkdir() or plan)], check=True)
    text = (plan / "plan.yaml").read_text()
    text = text.replace("forge: local", "forge: github").replace("  sample: sample\n", "")
    text = text.replace("remote: remote/product.git", "remote: git@github.com:acme/widgets.git")
    (plan / "plan.yaml").write_text(text.split("  prepare:")[0] + text.split('seed_database.py"]\n')[1])
    product, bare = person.folder / "product", github.world.bare
    person.git("init", "--quiet", "--initial-branch=main", str(product), where=".")
    person.git("am", "--quiet", *map(str, sorted((EXAMPLE / "sample/history").glob("*.patch"))))
    subprocess.run([sys.executable, "scripts/seed_database.py"], cwd=product, check=True, capture_output=True)
    person.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare), where=".")
    person.git("push", "--quiet", str(bare), "main")
    return person


def test_it_comes_to_the_same_summary(ada, github):
    told = ada.types("demo", "--dir", ".")
    assert told.code == 0, told.out + told.err
    facts = json.loads((ada.folder / "state/m4.1/summary.json").read_text())
    assert facts["status"] == "complete"
    assert facts["issues"] == {"total": 13, "completed": 12, "skipped": 1}
    assert facts["prs"] == {"created": 12, "clean": 9, "fixed": 2, "approved": 1}
    assert facts["labels"] == {"needs-db-review": 1, "needs-dep-review": 1}
    assert facts["commands"] == {"continue": 3, "fix": 3, "skip": 1, "approve": 1}
    assert [story["pr"] for story in facts["per_issue"] if story["pr"]] == list(range(310, 322))
    ours = [pull for pull in github.world.pulls() if pull.base == "milestone/m4.1-user-management"]
    assert [(pull.number, pull.state) for pull in ours] == [(number, "OPEN") for number in range(310, 322)]
    assert github.world.labels["needs-db-review"]["color"] == "1d76db"
    assert github.world.token not in told.out + told.err
