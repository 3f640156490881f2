"""Lock files that pip-audit and npm do not read are looked up by osv-scanner.

Its program cannot be had here. The stand-in answers exactly this command line, in the form that its releases print.
"""

import json
import shutil
import sys

import pytest

from run_milestone.checks import advisories, registries
from run_milestone.checks.advisories import look_up

SCANNER = """\
#!{python}
import json, pathlib, sys

if sys.argv[1:] != ["scan", "--format=json", "--lockfile=osv-scanner:packages.json"]:
    sys.exit(127)
pathlib.Path(r"{asked}").write_text(text := pathlib.Path("packages.json").read_text())
answer = json.loads(pathlib.Path(r"{answer}").read_text())
if answer is None:
    print("no such host", file=sys.stderr)
    sys.exit(127)
asked = [one["package"] for result in json.loads(text)["results"] for one in result["packages"]]
known = [one for one in answer if one["package"] in asked]
source = {{"path": "packages.json", "type": "lockfile"}}
print(json.dumps({{"results": [{{"source": source, "packages": known}}] if known else []}}))
sys.exit(1 if known else 0)
"""


def advised(ecosystem, name, version, *ids, fixed=None):
    """One package of osv-scanner's report: advisories that are aliases of each other stand in one group."""
    events = [{"introduced": "0"}, *([{"fixed": fixed}] if fixed else [])]
    affected = [{"package": {"name": name}, "ranges": [{"type": "SEMVER", "events": events}]}]
    return {
        "package": {"name": name, "version": version, "ecosystem": ecosystem},
        "vulnerabilities": [{"id": one, "affected": affected} for one in ids],
        "groups": [{"ids": list(ids), "aliases": list(ids), "max_severity": "7.5"}],
    }


KNOWN = [
    advised("Go", "github.com/gogo/protobuf", "1.3.1", "GO-2021-0053", fixed="1.3.2"),
    advised("crates.io", "regex", "1.5.1", "GHSA-m5pq-gvj9-9vr8", "RUSTSEC-2022-0013", fixed="1.5.5"),
    advised("RubyGems", "rack", "2.2.3", "GHSA-hxqx-xwvh-44m2"),
    advised("Packagist", "league/flysystem", "1.0.8", "GHSA-9f46-5r25-5wfm"),
    advised("Maven", "org.apache.logging.log4j:log4j-core", "2.14.1", "GHSA-jfh8-c2jp-5v3q"),
]


@pytest.fixture
def scanner(world, tmp_path_factory, monkeypatch):
    """The stand-in on PATH; returns the names that it was given."""
    folder = tmp_path_factory.mktemp("scanner")
    program, asked, answer = folder / "osv-scanner", folder / "asked.json", folder / "answer.json"
    program.write_text(SCANNER.format(python=sys.executable, asked=asked, answer=answer))
    program.chmod(0o755)
    answer.write_text(json.dumps(KNOWN))
    for module in (advisories, registries):
        monkeypatch.setattr(module, "search_path", lambda: f"{folder}:/usr/local/bin:/usr/bin:/bin")
    world.service = {"HOME": str(folder), "PATH": f"{folder}:/usr/bin:/bin"}
    world.answer = answer

    def names():
        text = asked.read_text() if asked.exists() else '{"results": []}'
        return [one["package"]["name"] for result in json.loads(text)["results"] for one in result["packages"]]

    return names


def outcome(world, before, after):
    seen = look_up(world.change(before, after))
    return [(one.message, one.detail) for one in seen.findings], list(seen.notes)


GO = "module example.com/shop\n\nrequire github.com/gogo/protobuf v1.3.{}\n"
CRATE = '[[package]]\nname = "{}"\nversion = "{}"\nsource = "{}"\n\n'
CRATES = "registry+https://github.com/rust-lang/crates.io-index"
GEMS = "GEM\n  remote: {}\n  specs:\n    {} ({})\n      webrick (~> 1.7)\n\nPLATFORMS\n  ruby\n"
POM = (
    "<project>{}<dependencies><dependency><groupId>org.apache.logging.log4j</groupId>"
    "<artifactId>log4j-core</artifactId><version>2.14.1</version></dependency></dependencies></project>"
)
GRADLE = "# Gradle\norg.apache.logging.log4j:log4j-core:2.14.1=compileClasspath,runtimeClasspath\nempty=annotation\n"


def composer(name, version, url):
    return json.dumps({"packages": [{"name": name, "version": version, **({"notification-url": url} if url else {})}]})


PACKAGIST = "https://packagist.org/downloads/"


@pytest.mark.parametrize(
    ("path", "text", "message", "fixed"),
    [
        ("go.mod", GO.format(1), "github.com/gogo/protobuf 1.3.1 has 1 known advisory: GO-2021-0053", "1.3.2"),
        ("Cargo.lock", CRATE.format("regex", "1.5.1", CRATES), "regex 1.5.1 has 1 known advisory: GHSA-m5pq-", "1.5.5"),
        ("Gemfile.lock", GEMS.format("https://rubygems.org/", "rack", "2.2.3"), "rack 2.2.3 has 1 known advis", None),
        ("composer.lock", composer("league/flysystem", "v1.0.8", PACKAGIST), "league/flysystem 1.0.8 has 1", None),
        ("pom.xml", POM.format(""), "org.apache.logging.log4j:log4j-core 2.14.1 has 1 known advisory", None),
        ("gradle.lockfile", GRADLE, "org.apache.logging.log4j:log4j-core 2.14.1 has 1 known advisory", None),
    ],
)
def test_a_lock_file_is_looked_up(world, scanner, path, text, message, fixed):
    (finding,), notes = outcome(world, {"a": ""}, {f"api/{path}": text})
    assert finding[0].startswith(message)
    assert finding[1] == (f"Fixed in {fixed}" if fixed else None)
    assert notes == []
    assert outcome(world, {f"api/{path}": text}, {f"api/{path}": f"{text}\n"}) == ([], []), "no news"


@pytest.mark.parametrize(
    ("files", "public"),
    [
        ({"Cargo.lock": CRATE.format("ours", "1.0.0", "sparse+https://crates.invalid/")}, []),
        (
            {
                "Cargo.lock": CRATE.format("ours", "1.0.0", "registry+https://x.invalid")
                + CRATE.format("rand", "0.8.5", CRATES)
            },
            ["rand"],
        ),
        ({"Gemfile.lock": GEMS.format("https://gems.invalid/", "ours", "1.0.0")}, []),
        ({"composer.lock": composer("acme/ours", "1.0.0", None)}, []),
        (
            {
                "pom.xml": POM.format(
                    "<repositories><repository><url>https://m.invalid</url></repository></repositories>"
                )
            },
            [],
        ),
        ({"gradle.lockfile": GRADLE, "build.gradle": 'repositories { maven { url "https://m.invalid" } }\n'}, []),
        ({"go.mod": GO.format(2).replace("example.com", "github.com/gogo")}, []),
    ],
)
def test_private_names_stay_here(world, scanner, files, public):
    findings, (note,) = outcome(world, {"a": ""}, files)
    assert findings == []
    assert note.endswith("1 package comes from an index that is not public, and osv.dev was not told its name")
    assert scanner() == public


@pytest.mark.skipif(shutil.which("go") is None, reason="go is not installed")
@pytest.mark.parametrize(
    ("patterns", "is_private"),
    [("github.com/gogo", True), ("*.corp.invalid,github.com/go*", True), ("github.com/go", False)],
)
def test_private_modules_of_go_stay_here(world, scanner, patterns, is_private):
    world.service = {**world.service, "GOPRIVATE": patterns}
    outcome(world, {"a": ""}, {"go.mod": GO.format(1)})
    assert scanner() == ([] if is_private else ["github.com/gogo/protobuf"])


def test_a_scanner_without_answer_is_named(world, scanner):
    world.answer.write_text("null")
    note = "Advisories of go.mod not looked up: osv-scanner: no such host"
    assert outcome(world, {"a": ""}, {"go.mod": GO.format(1)}) == ([], [note])


@pytest.mark.parametrize(("path", "text"), [("Cargo.lock", "[["), ("composer.lock", "{"), ("pom.xml", "<project>")])
def test_a_truncated_lock_file_is_named(world, scanner, path, text):
    assert outcome(world, {"a": ""}, {path: text}) == (
        [],
        [f"Advisories of {path} not looked up: {path} cannot be read"],
    )
