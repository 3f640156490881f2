"""New versions are looked up by the real pip-audit and npm. The service on the network has a stand-in."""

import gzip
import json
import shutil
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from run_milestone.adapters.process.output import Result
from run_milestone.checks.advisories import look_up
from run_milestone.checks.private_packages import PYPI_HOSTS

PUBLIC = f"https://{min(PYPI_HOSTS, key=len)}/simple"
GHSA = "GHSA-35jh-r3h4-6jhm"
LODASH = {
    "id": 1,
    "url": f"https://github.com/advisories/{GHSA}",
    "title": "Command injection in lodash",
    "severity": "high",
    "vulnerable_versions": "<4.17.21",
}
VERSIONS = {number: {"name": "lodash", "version": number, "dist": {}} for number in ("4.17.15", "4.17.21")}
NPM = {"lodash": {"name": "lodash", "dist-tags": {"latest": "4.17.21"}, "versions": VERSIONS}}
JINJA = {
    "id": "PYSEC-2024-1",
    "modified": "2024-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.3"}]}],
        }
    ],
}
NPM_IS_MISSING = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
AUDIT_IS_MISSING = pytest.mark.skipif(
    shutil.which("pip-audit", path=str(Path(sys.executable).parent)) is None, reason="pip-audit is not installed"
)


class Service(BaseHTTPRequestHandler):
    """What npm's registry and osv.dev answer."""

    def do_POST(self):
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            asked = gzip.decompress(asked)
        self.server.asked.append(asked.decode())
        if self.path.startswith("/-/npm"):
            self.answers({"lodash": [LODASH]})
        else:
            self.answers({"vulns": [JINJA]} if json.loads(asked)["package"]["name"] == "jinja2" else {})

    def do_GET(self):
        self.server.asked.append(self.path)
        self.answers(NPM.get(self.path.strip("/"), {}))

    def answers(self, document):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def service(world, tmp_path):
    server = HTTPServer(("127.0.0.1", 0), Service)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    asks(world, f"http://127.0.0.1:{server.server_port}", tmp_path)
    yield server
    server.shutdown()
    server.server_close()


def asks(world, url, home):
    osv = {"PIP_AUDIT_VULNERABILITY_SERVICE": "osv", "PIP_AUDIT_OSV_URL": f"{url}/v1/query"}
    world.service = {"HOME": str(home), "npm_config_registry": url, "npm_config_fetch_retries": "0", **osv}


def lock(version):
    package = {"name": "shop", "version": "1.0.0", "dependencies": {"lodash": version}}
    packages = {"": package, "node_modules/lodash": {"version": version}}
    text = json.dumps({"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "packages": packages})
    return {"package.json": json.dumps(package), "package-lock.json": text}


def told(world, before, after):
    advised = look_up(world.change(before, after))
    return [(one.path, one.message, one.detail) for one in advised.findings], list(advised.notes)


@NPM_IS_MISSING
def test_npm_tells_an_advisory_of_a_new_version(world, service):
    message = f"lodash has 1 known advisory: {GHSA}"
    expected = [("package-lock.json", message, "Command injection in lodash")]
    assert told(world, {"a.js": ""}, lock("4.17.15")) == (expected, [])


@NPM_IS_MISSING
def test_what_was_known_before_is_not_told(world, service):
    spaced = {name: f"{text} " for name, text in lock("4.17.15").items()}
    assert told(world, lock("4.17.15"), spaced) == ([], [])
    assert told(world, lock("4.17.15"), lock("4.17.21")) == ([], [])


@NPM_IS_MISSING
def test_npm_says_why_it_has_no_answer(world, service):
    expected = ["Advisories of package-lock.json not looked up: package-lock.json cannot be read"]
    assert told(world, {"a.js": ""}, {"package.json": "{}", "package-lock.json": "{no lock"}) == ([], expected)


@NPM_IS_MISSING
def test_an_unreadable_package_json_is_named(world, service):
    files = {f"web/{name}": text for name, text in lock("4.17.15").items()}
    why = "web/package.json cannot be read"
    expected = [f"Advisories of web/package-lock.json not looked up: {why}"]
    assert told(world, {"a.js": ""}, {**files, "web/package.json": "{"}) == ([], expected)


@NPM_IS_MISSING
@AUDIT_IS_MISSING
def test_a_service_that_is_away_stops_nothing(world, tmp_path):
    asks(world, "http://127.0.0.1:9", tmp_path)
    findings, notes = told(world, {"a.js": ""}, {**lock("4.17.15"), "requirements.txt": "jinja2==3.1.2\n"})
    assert findings == []
    assert [note.partition(":")[0] for note in notes] == [
        "Advisories of package-lock.json not looked up",
        "Advisories of requirements.txt not looked up",
    ]
    assert all("127.0.0.1" in note or "onnection" in note for note in notes), notes


@AUDIT_IS_MISSING
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "jinja2==3.1.2\nflask>=2\n"),
        ("pyproject.toml", '[project]\nname = "x"\nversion = "1"\ndependencies = ["jinja2==3.1.2"]\n'),
        ("uv.lock", 'version = 1\n[[package]]\nname = "jinja2"\nversion = "3.1.2"\n'),
    ],
)
def test_pip_audit_tells_an_advisory(world, service, name, text):
    expected = [(name, "jinja2 3.1.2 has 1 known advisory: PYSEC-2024-1", "Fixed in 3.1.3")]
    assert told(world, {"a.py": ""}, {name: text}) == (expected, [])


@AUDIT_IS_MISSING
def test_two_versions_of_one_package_are_asked(world, service):
    locked = "".join(f'[[package]]\nname = "jinja2"\nversion = "{version}"\n' for version in ("3.1.2", "3.1.1"))
    findings, notes = told(world, {"a.py": ""}, {"uv.lock": locked})
    assert [message.partition(" has")[0] for _, message, _ in findings] == ["jinja2 3.1.1", "jinja2 3.1.2"]
    assert notes == []


@pytest.mark.parametrize("answer", ["{}", "[" * 100_000, '{"dependencies": 3, "vulnerabilities": [1]}', "null"])
def test_an_odd_answer_stops_nothing(world, monkeypatch, answer):
    monkeypatch.setattr(world, "as_operator", lambda words, folder: Result(words, 0, answer, "", 0.1))
    assert told(world, {"a.js": ""}, {**lock("4.17.15"), "requirements.txt": "jinja2==3.1.2\n"})[0] == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"uv.lock": ""}, {"uv.lock": "[[package]\n"}),
        ({"a.py": ""}, {"uv.lock": '[[package]]\nname = "shop"\nversion = "1"\nsource = { editable = "." }\n'}),
        ({"a.py": ""}, {"poetry.lock": '[[package]]\nname = "b"\nversion = "1"\n[package.source]\ntype = "git"\n'}),
        ({"a.py": ""}, {"pdm.lock": '[[package]]\nname = "b"\nversion = "1"\npath = "./b"\n'}),
        ({"requirements.txt": "a==1\n"}, {"requirements.txt": "a==1\n# no more\n"}),
        ({"a.py": ""}, {"requirements.txt": "--index-url=http://x\nb>=1\n-e git+https://x/y\n"}),
    ],
)
def test_without_a_new_version_nobody_is_asked(world, before, after):
    asks(world, "http://127.0.0.1:9", world.root)
    assert told(world, before, after) == ([], [])


# ---- names that stay here -------------------------------------------------------------------------------------

_SOURCE = "[[package]]\nname = {!r}\nversion = {!r}\n{}\n"
_PUBLIC = _SOURCE.format("jinja2", "3.1.2", "")
_UV = 'source = { registry = "https://pypi.corp.example/simple" }'
_POETRY = '[package.source]\ntype = "legacy"\nurl = "https://pypi.corp.example/simple"\nreference = "corp"'
_PDM = (
    '[project]\nname = "x"\nversion = "1"\n[[tool.pdm.source]]\nname = "corp"\nurl = "https://pypi.corp.example/simple"'
)
PRIVATE = {
    "uv.lock": ({"uv.lock": _PUBLIC + _SOURCE.format("corp-secret", "1.0", _UV)}, 1),
    "poetry.lock": ({"poetry.lock": _PUBLIC + _SOURCE.format("corp-secret", "1.0", _POETRY)}, 1),
    "pdm.lock": ({"pdm.lock": _SOURCE.format("corp-secret", "1.0", ""), "pyproject.toml": _PDM}, 0),
    "an option": ({"requirements.txt": "--index-url https://pypi.corp.example/simple\ncorp-secret==1.0\n"}, 0),
    "one more index": ({"requirements.txt": "--extra-index-url=https://pypi.corp.example\ncorp-secret==1.0\n"}, 0),
    "an index above": ({"requirements.txt": "-i ${I}\n", "r/requirements.txt": "corp-secret==1.0\n"}, 0),
    "an index of uv": (
        {"pyproject.toml": '[project]\nname="x"\nversion="1"\ndependencies=["corp-secret==1.0"]\n'
                           '[tool.uv]\nindex-url = "https://pypi.corp.example/simple"\n'}, 0),
}  # fmt: skip


@AUDIT_IS_MISSING
@pytest.mark.parametrize("case", PRIVATE)
def test_a_private_python_package_is_not_named(world, service, case):
    files, known = PRIVATE[case]
    findings, notes = told(world, {"a.py": ""}, files)
    assert len(findings) == known
    assert "corp-secret" not in str(service.asked)
    why = "1 package comes from an index that is not public, and PyPI was not told its name"
    assert [note.partition(" not looked up: ")[2] for note in notes] == [why]


@AUDIT_IS_MISSING
@pytest.mark.parametrize(
    "line",
    [f"-i {PUBLIC}", f"--index-url={PUBLIC}/", f"--extra-index-url {PUBLIC}"],
)
def test_the_public_index_may_be_written_out(world, service, line):
    findings, notes = told(world, {"a.py": ""}, {"requirements.txt": f"{line}\njinja2==3.1.2\n"})
    assert (len(findings), notes) == (1, [])


def npm_lock(entries, **beside):
    root = {"name": "corp-shop", "version": "1.0.0", "dependencies": {"lodash": "4.17.15", "@corp/secret": "*"}}
    packages = {"": root, "node_modules/lodash": {"version": "4.17.15"}, **entries}
    text = json.dumps({"name": "corp-shop", "version": "1.0.0", "lockfileVersion": 3, "packages": packages})
    return {"package.json": json.dumps(root), "package-lock.json": text, **beside}


_AWAY = {"version": "1.0.0", "resolved": "https://npm.corp.example/secret-1.0.0.tgz"}
PRIVATE_NPM = {
    "another host": npm_lock({"node_modules/@corp/secret": _AWAY}),
    "a registry for a scope": npm_lock(
        {"node_modules/@corp/secret": {"version": "1.0.0"}}, **{".npmrc": "@corp:registry=https://npm.corp.example/\n"}
    ),
    "below another package": npm_lock({"node_modules/lodash/node_modules/@corp/secret": _AWAY}),
    "an old lock file": npm_lock({}, **{
        "package-lock.json": json.dumps({"name": "corp-shop", "version": "1.0.0", "lockfileVersion": 1,
            "dependencies": {"lodash": {"version": "4.17.15"}, "@corp/secret": _AWAY}})}),
}  # fmt: skip


@NPM_IS_MISSING
@pytest.mark.parametrize("case", PRIVATE_NPM)
def test_a_private_npm_package_is_not_named(world, service, case):
    findings, notes = told(world, {"a.js": ""}, PRIVATE_NPM[case])
    assert [message for _, message, _ in findings] == [f"lodash has 1 known advisory: {GHSA}"]
    assert "corp" not in str(service.asked)
    why = "1 package comes from an index that is not public, and npm's registry was not told its name"
    assert notes == [f"Advisories of package-lock.json not looked up: {why}"]


@NPM_IS_MISSING
def test_a_workspace_is_not_named(world, service):
    link, folder = {"resolved": "corp/secret", "link": True}, {"name": "@corp/secret", "version": "1.0.0"}
    files = npm_lock({"node_modules/@corp/secret": link, "corp/secret": folder})
    findings, notes = told(world, {"a.js": ""}, files)
    assert (len(findings), notes) == (1, [])
    assert "corp" not in str(service.asked)
