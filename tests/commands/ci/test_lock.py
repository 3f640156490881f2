"""What the jobs install: the version that wrote the workflow, by hash, never by its name alone."""

import hashlib
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from run_milestone.commands.ci.lock import unhashed

VERSION = version("run-milestone")
WHEEL = f"tools/run_milestone-{VERSION}-py3-none-any.whl"
LOCK = ".github/run-milestone.lock.txt"


@pytest.fixture
def team(ada):
    """A team whose plan names a wheel in the project."""
    if shutil.which("uv", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("uv is not installed: pip install 'run-milestone[test]'")
    path, info = ada.folder / WHEEL, f"run_milestone-{VERSION}.dist-info"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: run-milestone\nVersion: {VERSION}\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")
    names(ada, WHEEL)
    return ada


def names(ada, wheel):
    plan = ada.folder / "plans/m1/plan.yaml"
    kept = "".join(line for line in plan.read_text().splitlines(keepends=True) if not line.startswith("ci:"))
    plan.write_text(f"{kept}ci: {{wheel: {wheel}}}\n")


def installs(ada):
    words = ("install", "--dry-run", "--no-index", "--no-deps", "--only-binary", ":all:", "--require-hashes")
    command = [sys.executable, "-m", "pip", *words, "--ignore-installed", "--requirement", LOCK]
    return subprocess.run(command, cwd=ada.folder, capture_output=True, text=True, check=False)


def test_a_wheel_of_the_plan_is_locked(team):
    result = team.types("ci", "github")
    assert result.code == 0, result.err
    assert f"✓ made {LOCK}" in result.lines
    digest = hashlib.sha256((team.folder / WHEEL).read_bytes()).hexdigest()
    text = (team.folder / LOCK).read_text()
    assert text == f"./{WHEEL} \\\n    --hash=sha256:{digest}\n"
    assert team.types("ci", "check").code == 0
    assert installs(team).returncode == 0
    with zipfile.ZipFile(team.folder / WHEEL, "a") as file:
        file.writestr("run_milestone/another.py", "")
    refused = installs(team)
    assert refused.returncode != 0
    assert "DO NOT MATCH THE HASHES" in refused.stderr
    assert f"✓ changed {LOCK}" in team.types("ci", "github").lines, "a wheel that was built again is locked again"


def test_another_version_is_no_choice(team):
    names(team, WHEEL.replace(VERSION, "9.9.9"))
    shutil.copy(team.folder / WHEEL, team.folder / WHEEL.replace(VERSION, "9.9.9"))
    result = team.types("ci", "github")
    assert result.code == 2
    assert f"is no wheel of run-milestone {VERSION}, which writes the workflow." in result.err
    names(team, "tools/missing.whl")
    assert "There is no tools/missing.whl in the project." in team.types("ci", "github").err
    names(team, "../elsewhere.whl")
    assert team.types("ci", "github").code == 2, "a wheel lies in the project"
    assert not (team.folder / ".github").exists()


def test_an_index_without_this_version_is_told(team):
    plan = team.folder / "plans/m1/plan.yaml"
    plan.write_text(plan.read_text().partition("ci:")[0])
    result = team.types("ci", "github", env={"UV_OFFLINE": "1", "UV_NO_INDEX": "1"})
    assert result.code == 1
    assert f"uv could not lock run-milestone[all]=={VERSION}: " in result.err
    assert "name it in the plan: `ci: {wheel: tools/run_milestone-….whl}`. Nothing was written." in result.err
    assert not (team.folder / ".github").exists()


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("", []),
        ("# a comment\na==1 --hash=sha256:0\n", []),
        ("a==1 \\\n    --hash=sha256:0 \\\n    --hash=sha256:1\n", []),
        ("a==1 ; python_version < '3' \\\n    --hash=sha256:0\nb==2\n", [3]),
        ("a\n\nb==1 \\\n  # none\n", [1, 3]),
        ("--requirement other.txt\n", [1]),
        ("a==1 --hash=md5:0\n", [1]),
    ],
)
def test_each_requirement_needs_a_hash(text, bare):
    assert [line for line, _ in unhashed(text)] == bare
