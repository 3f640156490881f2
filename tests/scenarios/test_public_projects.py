"""Projects that nobody here wrote, from `init` to `land`: what was red is fixed, proven by name, and faults are caught.

Each is fetched from a package registry and set up as `init` says. Without a network they are skipped by name.
"""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml
from support.person import Person
from support.projects import AGENT

from run_milestone.plan import load


def from_pypi(name, version, folder):
    """Fetch an sdist and return the folder that it holds."""
    words = ["download", "--quiet", "--no-deps", "--no-binary=:all:", f"{name}=={version}", f"--dest={folder}"]
    run([sys.executable, "-m", "pip", *words], folder)
    return unpacked(next(folder.glob("*.tar.gz")), folder)


def from_npm(name, version, folder):
    """Fetch a package and pin what it needs for its tests in a lock file."""
    run(["npm", "pack", "--silent", f"{name}@{version}"], folder)
    package = unpacked(folder / f"{name}-{version}.tgz", folder)
    run(["npm", "install", "--silent", "--package-lock-only", "--ignore-scripts"], package)
    return package


def from_debian(name, version, folder):
    """Fetch a crate as Debian has it."""
    run(["apt-get", "download", f"librust-{name}-dev"], folder)
    run(["dpkg-deb", "-x", str(next(folder.glob("*.deb"))), "deb"], folder)
    place = folder / f"deb/usr/share/cargo/registry/{name}-{version}"
    (place / ".cargo-checksum.json").unlink(missing_ok=True)
    return place


def run(command, folder):
    """Run a command of a registry; a project that cannot be fetched is skipped by name."""
    try:
        return subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=180)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"{' '.join(command[-3:])} cannot be fetched here: {error}")


def unpacked(archive, folder):
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


PYTHON_TEST = "from {module} import {name}\n\n\ndef test_{name}():\n    assert {name}(2) == {value}\n"
NODE_TEST = """\
'use strict';
var test = require('tape');
var f = require('../lib/{name}');

test('{name} works', function (t) {{
	t.equal(f(2), {value});
	t.end();
}});
"""
PYTHON = """\
\"\"\"{name}.\"\"\"


def {name}(number: int) -> int:
    \"\"\"Return it.\"\"\"
    return number * {factor}
"""
RUST_TEST = "#[test]\nfn {name}_works() {{\n    assert_eq!(fnv::{name}(2), {value});\n}}\n"
PROJECTS = {
    "itsdangerous": {
        "fetch": (from_pypi, "itsdangerous", "2.2.0"),
        "needs": (sys.executable,),
        "code": "src/itsdangerous/{name}.py",
        "body": PYTHON,
        "test": ("tests/test_itsdangerous/test_{name}.py", PYTHON_TEST, "itsdangerous.{name}"),
        "proof": "tests/test_itsdangerous/test_{name}.py::test_{name}",
        "fault": ("src/itsdangerous/encoding.py", "    return s\n", '    return b""\n'),
    },
    "django-axes": {
        "fetch": (from_pypi, "django-axes", "6.5.2"),
        "needs": (sys.executable,),
        "code": "axes/{name}.py",
        "body": PYTHON,
        "test": ("tests/test_{name}.py", PYTHON_TEST, "axes.{name}"),
        "proof": "test_{name}",
        "fault": ("axes/helpers.py", "        return client_ip_address\n", '        return "0"\n'),
    },
    "minimist": {
        "fetch": (from_npm, "minimist", "1.2.8"),
        "needs": ("npm",),
        "code": "lib/{name}.js",
        "body": "'use strict';\n\nmodule.exports = function {name}(number) {{\n\treturn number * {factor};\n}};\n",
        "test": ("test/{name}.js", NODE_TEST, ""),
        "proof": "{name} works",
        "fault": ("index.js", "return key in o;", "return false;"),
    },
    "fnv": {
        "fetch": (from_debian, "fnv", "1.0.7"),
        "needs": ("cargo", "apt-get", "dpkg-deb"),
        "code": "lib.rs",
        "body": "\n/// Returns it.\npub fn {name}(number: u32) -> u32 {{\n    number * {factor}\n}}\n",
        "test": ("tests/{name}.rs", RUST_TEST, ""),
        "proof": "{name}_works",
        "fault": ("lib.rs", "wrapping_mul(0x100000001b3)", "wrapping_mul(3)"),
    },
}
LONG = {"django-axes", "itsdangerous", "minimist"}
"""Take a minute or more: run with `pytest -m torture`."""
FACTORS = {"twice": 2, "thrice": 3, "fourfold": 4}


def feature(spec, name, base):
    """The files of one feature, with its test."""
    code, test = spec["code"].format(name=name), spec["test"]
    names = list(FACTORS)[: list(FACTORS).index(name) + 1] if code in base else [name]
    body = "".join(spec["body"].format(name=one, factor=FACTORS[one]) for one in names)
    module = test[2].format(name=name)
    text = test[1].format(name=name, value=2 * FACTORS[name], module=module)
    return {code: base.get(code, "") + body, test[0].format(name=name): text}


@pytest.fixture
def with_toolchains(monkeypatch):
    """Let programs find the toolchains in the home of who runs the tests, which is sealed."""
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    for variable, folder in {"CARGO_HOME": ".cargo", "RUSTUP_HOME": ".rustup"}.items():
        if (home / folder).is_dir():
            monkeypatch.setenv(variable, str(home / folder))


@pytest.mark.usefixtures("with_toolchains")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.torture if name in LONG else ()) for name in PROJECTS]
)
def test_a_public_project_lands(name, tmp_path):
    spec = PROJECTS[name]
    if missing := [program for program in spec["needs"] if not shutil.which(program)]:
        pytest.skip(f"{name} needs {missing[0]}")
    fetch, package, version = spec["fetch"]
    (tmp_path / "fetched").mkdir()
    shutil.move(fetch(package, version, tmp_path / "fetched"), tmp_path / name)
    ada = Person(tmp_path / name)
    ada.git("init", "--quiet", "--initial-branch=main", where=".")
    ada.git("add", "--force", ".", where=".")
    ada.git("commit", "--quiet", f"--message={name} {version}", where=".")
    assert ada.types("init").code == 0
    plan(ada, spec, tmp_path)
    examined = ada.types("doctor", "m1")
    assert "m1 tests" in examined.out, examined.out
    assert examined.code == 0, examined.out
    lands(ada, spec)


def plan(ada, spec, tmp_path):
    """Let an agent work at three issues: one that was red, one that is proven, one that breaks something first."""
    file, right, wrong = spec["fault"]
    base = {path: (ada.folder / path).read_text() for path in {file, spec["code"]} if (ada.folder / path).exists()}
    assert right in base[file]
    names = list(FACTORS)
    work = {f"0{number}-1": feature(spec, one, base) for number, one in enumerate(names, start=1)}
    third = feature(spec, names[2], base)
    work["03-1"] = {**third, file: third.get(file, base[file]).replace(right, wrong)}
    work["03-2"] = {**third, file: third.get(file, base[file])}
    tools = tmp_path / "agent"
    tools.mkdir()
    (tools / "agent.py").write_text(AGENT)
    (tools / "work.json").write_text(json.dumps(work))
    path = ada.folder / "plans/m1/plan.yaml"
    made = yaml.safe_load(path.read_text())
    made["agent"] = {"kind": "command", "command": ["{python}", str(tools / "agent.py"), str(tools / "work.json")]}
    made["sandbox"] = {"read": [str(tools)]}
    made["commands"]["review"] = "none"
    proof = {"text": f"{names[1]} is there", "test": spec["proof"].format(name=names[1])}
    issues = [
        {"number": 1, "title": names[0], "criteria": [f"{names[0]} is there"], "tests": {"red_first": True}},
        {"number": 2, "title": names[1], "criteria": [proof], "depends_on": [1]},
        {"number": 3, "title": names[2], "criteria": [f"{names[2]} is there"], "depends_on": [2]},
    ]
    made["phases"] = [{"issues": issues}]
    path.write_text(yaml.safe_dump(made, sort_keys=False))
    load(path.parent)


def lands(ada, spec):
    """Run to the fault, send it back, and land."""
    first = ada.types("m1")
    assert ada.reads("gates/03.json")["kind"] == "tests", first.out[-3000:]
    assert not (ada.folder / "state/m1/gates/01.json").exists()
    proven = ada.reads("issues/02/test.json")["evidence"]["proven"]
    assert proven == [spec["proof"].format(name="thrice")]
    again = ada.answers("03.fix")
    assert "Phase 1 complete" in again.out, again.out[-3000:]
    ada.answers("phase-1.continue")
    landed = ada.types("land", "m1")
    assert landed.code == 0, landed.out + landed.err
    assert {pull["state"] for pull in ada.pulls()[:3]} == {"merged"}
