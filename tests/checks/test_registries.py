"""Licences that nothing here knows are asked of the real pip, npm and cargo. Their registries have a stand-in."""

import json
import shutil
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from run_milestone.checks.dependencies import check
from run_milestone.checks.private_packages import NPM_HOSTS
from run_milestone.model import Kind, TreeSpec

NPM_IS_MISSING = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


@pytest.fixture
def wheels(world, tmp_path_factory):
    """A folder that is pip's whole index."""
    folder = tmp_path_factory.mktemp("wheels")
    for name, licence in {
        "expressed": "License-Expression: MIT",
        "copied": "License-Expression: GPL-3.0-only",
        "classified": "Classifier: License :: OSI Approved :: BSD License",
        "written": "License: BSD\nClassifier: License :: OSI Approved :: BSD License",
        "closed": "License: see the contract\nClassifier: License :: OSI Approved :: BSD License",
        "silent": "Summary: none",
    }.items():
        metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.5\n{licence}\n"
        with zipfile.ZipFile(folder / f"{name}-1.5-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}-1.5.dist-info/METADATA", metadata)
            wheel.writestr(f"{name}-1.5.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{name}-1.5.dist-info/RECORD", "")
    world.service = {"HOME": str(folder), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}


@pytest.fixture
def registry(world, tmp_path_factory):
    """A registry of npm that knows one package."""

    class Registry(BaseHTTPRequestHandler):
        def do_GET(self):
            is_known = self.path == "/left"
            versions = {
                number: {"name": "left", "version": number, "license": licence, "dist": {}}
                for number, licence in (("1.9.0", "GPL-3.0-only"), ("1.10.0", "MIT"), ("2.0.0", "GPL-3.0-only"))
            }
            answer = {"name": "left", "dist-tags": {"latest": "2.0.0"}, "versions": versions} if is_known else {}
            self.send_response(200 if is_known else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = tmp_path_factory.mktemp("home")
    world.service = {"HOME": str(home), "npm_config_registry": f"http://127.0.0.1:{server.server_port}"}
    yield
    server.shutdown()
    server.server_close()


def reported(world, name, text, before="", **milestone):
    change = world.change({name: before}, {name: text}, **milestone)
    return [(one.kind, one.message.removeprefix("New dependency: "), one.detail) for one in check(change)]


SAID = "Licence from the index that pip asks"


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        ("expressed", Kind.DEPENDENCY, "expressed v1.5 (MIT)"),
        ("expressed==1.5", Kind.DEPENDENCY, "expressed v1.5 (MIT)"),
        ("copied>=1", Kind.LICENCE, "copied v1.5 (GPL-3.0-only)"),
        ("classified~=1.2", Kind.DEPENDENCY, "classified v1.5 (BSD License (OSI approved))"),
        ("written", Kind.DEPENDENCY, "written v1.5 (BSD License (OSI approved))"),
        ("closed", Kind.LICENCE, "closed v1.5 (unclear licence: see the contract)"),
    ],
)
def test_the_index_of_pip_tells_a_licence(world, wheels, line, kind, message):
    assert reported(world, "requirements.txt", f"{line}\n") == [(kind, message, SAID)]


def test_one_package_that_is_missing_hides_no_other(world, wheels):
    findings = reported(
        world, "requirements.txt", "expressed\nnobody\nsilent==1.5\nexpressed2 @ https://x.invalid/y.whl\n"
    )
    assert [message for _, message, _ in findings] == [
        "expressed v1.5 (MIT)",
        "expressed2 @ https://x.invalid/y.whl (unknown licence)",
        "New dependencies: nobody any version, silent v1.5 (unknown licences)",
    ]
    assert findings[2][2] == "No source knows these licences. Asked for by requirements.txt"


@pytest.mark.parametrize(
    "source",
    ["--extra-index-url https://index.invalid/simple", "--index-url=https://index.invalid", "-f https://x.invalid"],
)
def test_nobody_asks_for_another_index(world, wheels, source):
    findings = reported(world, "requirements.txt", f"{source}\nexpressed\n", before=f"{source}\n")
    assert [message for _, message, _ in findings] == ["expressed any version (unknown licence)"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("uv.toml", '[[index]]\nurl = "https://index.invalid"\n'),
        ("pyproject.toml", '[[tool.poetry.source]]\nname = "ours"\n'),
        ("web/.npmrc", "@ours:registry=https://registry.invalid\n"),
    ],
)
def test_settings_may_lead_to_another_registry(world, wheels, name, text):
    change = world.change({name: text, "requirements.txt": ""}, {"requirements.txt": "expressed\n"})
    assert [one.message for one in check(change)] == ["New dependency: expressed any version (unknown licence)"]


ELSEWHERE = ". No registry was told {}, because the project has an index of its own"


@pytest.mark.parametrize(
    ("beside", "text", "name"),
    [
        ("requirements.txt", "--index-url https://index.invalid/simple\nours\n", "requirements-dev.txt"),
        ("Pipfile", '[[source]]\nurl = "https://index.invalid"\nname = "ours"\n', "requirements.txt"),
        ("requirements.txt", "--extra-index-url https://index.invalid\n", "api/worker/requirements.txt"),
        ("setup.cfg", "[options]\ndependency_links = https://index.invalid/ours.zip\n", "requirements.txt"),
    ],
)
def test_an_unchanged_manifest_keeps_names_here(world, wheels, beside, text, name):
    change = world.change({beside: text, name: ""}, {name: "expressed\ncopied\n"})
    (finding,) = check(change)
    assert finding.message == "New dependencies: copied any version, expressed any version (unknown licences)"
    assert finding.detail.endswith(f"Asked for by {name}{ELSEWHERE.format('2 names')}")


@NPM_IS_MISSING
@pytest.mark.parametrize(
    ("address", "is_asked"),
    [("https://index.invalid/left.tgz", False), (f"https://{min(NPM_HOSTS)}/left.tgz", True), ("", True)],
)
def test_a_lock_file_keeps_names_here(world, registry, address, is_asked):
    packages = {"node_modules/left": {"version": "1.9.0", **({"resolved": address} if address else {})}}
    before = {"package.json": "{}", "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": packages})}
    (finding,) = check(world.change(before, {"package.json": json.dumps({"dependencies": {"left": "1.9.0"}})}))
    assert ("GPL-3.0-only" in finding.message) is is_asked
    assert finding.detail.endswith(ELSEWHERE.format("its name")) is not is_asked


@NPM_IS_MISSING
@pytest.mark.parametrize(
    ("asked", "message"),
    [("^1.2", "left v1.10.0 (MIT)"), ("1.9.0", "left v1.9.0 (GPL-3.0-only)"), ("*", "left v2.0.0 (GPL-3.0-only)")],
)
def test_the_registry_of_npm_tells_a_licence(world, registry, asked, message):
    kind = Kind.DEPENDENCY if "MIT" in message else Kind.LICENCE
    findings = reported(world, "package.json", json.dumps({"dependencies": {"left": asked}}), before="{}")
    assert findings == [(kind, message, "Licence from the registry that npm asks")]


@NPM_IS_MISSING
def test_what_npm_does_not_know_stays_unknown(world, registry):
    findings = reported(world, "package.json", json.dumps({"dependencies": {"right": "1"}}), before="{}")
    assert [message for _, message, _ in findings] == ["right v1 (unknown licence)"]


@pytest.mark.parametrize(
    ("is_committed", "version", "message"),
    [
        (False, "1.4.0", "left ^1 (MIT)"),
        (False, None, "left ^1 (unknown licence)"),
        (True, "1.4.0", "left ^1 (unknown licence)"),
    ],
)
def test_installed_modules_know_licences(world, is_committed, version, message):
    if version:
        world.write({"node_modules/left/package.json": json.dumps({"version": version, "license": "MIT"})})
    ignored = {} if is_committed else {".gitignore": "node_modules\n"}
    base = {"package.json": "{}", **ignored}
    change = world.change(
        base, {"package.json": '{"dependencies": {"left": "^1"}}'}, tree=TreeSpec(setup=(("npm", "ci"),))
    )
    expected = message.replace("^1 (M", "v1.4.0 (M")
    assert [one.message for one in check(change)] == [f"New dependency: {expected}"]
