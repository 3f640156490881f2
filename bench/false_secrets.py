"""Count the secrets that the check sees in published configuration files and test fixtures, where none should be.

`python -m bench.false_secrets` fetches packages by the clients of their registries and never commits them.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path, PurePosixPath

from .judgement.fetch import NotFetchedError, fetch
from .judgement.projects import Project

BEFORE = "a452848"
"""The commit before the check knew placeholders, sample tokens, local services and fixtures."""
FILES = 500
PER_PACKAGE = 20
LARGEST = 200_000
"""Bytes of a file that is taken."""
SDISTS = (
    *("django==5.2.1", "flask==3.1.0", "httpx==0.28.1", "requests==2.32.3", "celery==5.4.0", "dynaconf==3.2.6"),
    *("environs==14.1.1", "python-dotenv==1.0.1", "pyjwt==2.9.0", "sqlalchemy==2.0.36", "alembic==1.14.0"),
    *("starlette==0.41.3", "kombu==5.4.2", "redis==5.2.0", "pydantic-settings==2.6.1", "cookiecutter==2.6.0"),
    *("ansible-lint==24.10.0", "tox==4.23.2", "pre-commit==4.0.1", "sphinx==8.1.3", "google-auth==2.36.0"),
    *("paramiko==3.5.0", "moto==5.0.21", "django-allauth==65.2.0", "django-environ==0.11.2", "oauthlib==3.2.2"),
)
PACKS = (
    *("dotenv@16.4.5", "config@3.3.12", "express-generator@4.16.1", "eslint-config-airbnb@19.0.4", "serverless@3.39.0"),
    *("@strapi/generate-new@4.25.17", "firebase-tools@13.25.0", "create-react-app@5.0.1", "pm2@5.4.2"),
)
NAMES = ("dockerfile", "makefile", "procfile", "conftest.py", "settings.py", "config.py", "local_settings.py")
ENDINGS = frozenset({".env", ".ini", ".cfg", ".toml", ".yml", ".yaml", ".json", ".conf", ".properties", ".xml", ".tf"})
LOOK = """
import json, sys
from types import SimpleNamespace as Value
sys.path.insert(0, sys.argv[1])
from run_milestone.checks import secrets
for path in json.load(open(sys.argv[2])):
    text = open(path, encoding="utf-8").read()
    added = tuple(enumerate(text.split("\\n"), 1))
    file = Value(path=path, after=path, added=added, binary=False)
    for finding in secrets.check(Value(files=[file])):
        print(json.dumps([finding.message.removesuffix(" in the change"), path, finding.line]))
"""


def main() -> int:
    """Fetch the corpus, look at it with both versions of the check, and print what each saw."""
    parser = argparse.ArgumentParser(prog="python -m bench.false_secrets", description=__doc__)
    parser.add_argument("--dir", type=Path, default=Path("corpus"), help="where packages are kept")
    parser.add_argument("--list", action="store_true", help="print each line that counts as a secret now")
    args = parser.parse_args()
    args.dir = args.dir.resolve()  # the clients of registries run elsewhere
    args.dir.mkdir(parents=True, exist_ok=True)
    files = corpus(args.dir)
    lines = sum(path.read_text(encoding="utf-8").count("\n") + 1 for path in files)
    here = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    before, now = (seen(commit, files, args.dir) for commit in (BEFORE, here))
    print(f"{len(files)} files of {len({path.relative_to(args.dir).parts[0] for path in files})} packages, ", end="")
    print(
        f"{lines:,} lines. False secrets per 1,000 lines: before ({BEFORE}) {1000 * len(before) / lines:.3f} ", end=""
    )
    print(f"({len(before)}), now {1000 * len(now) / lines:.3f} ({len(now)}).")
    print("\n| kind | before | now |\n| --- | --- | --- |")
    kinds = Counter(kind for kind, *_ in before), Counter(kind for kind, *_ in now)
    for kind in sorted(kinds[0].keys() | kinds[1].keys()):
        print(f"| {kind} | {kinds[0][kind]} | {kinds[1][kind]} |")
    for kind, path, line in now if args.list else ():
        print(f"{kind}: {Path(path).relative_to(args.dir)}:{line}")
    return 0


def corpus(store: Path) -> list[Path]:
    """Return the files, of each package those that a digest of their names puts first."""
    listed = [("pypi", *one.split("==")) for one in SDISTS] + [("npm", *one.rsplit("@", 1)) for one in PACKS]
    taken: list[Path] = []
    for registry, name, version in listed:
        if len(taken) >= FILES:
            break
        try:
            folder = fetch(Project(name, "", registry, (version,)), version, store)
        except NotFetchedError as error:
            print(f"not fetched: {name} {version}: {error}", file=sys.stderr)
            continue
        wanted = [path for path in folder.rglob("*") if path.is_file() and is_wanted(path, folder)]
        taken += sorted(wanted, key=lambda path: hashlib.sha256(str(path.relative_to(folder)).encode()).digest())[
            :PER_PACKAGE
        ]
    return taken[:FILES]


def is_wanted(path: Path, folder: Path) -> bool:
    """Return whether a file is configuration or a fixture, in UTF-8 and not too large."""
    inside = PurePosixPath(path.relative_to(folder))
    name = inside.name.lower()
    is_fixture = {"tests", "test", "fixtures"} & {part.lower() for part in inside.parts[:-1]}
    if not (inside.suffix in ENDINGS or name in NAMES or name.startswith((".env", "env.")) or is_fixture):
        return False
    try:
        return path.stat().st_size <= LARGEST and bool(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return False


def seen(commit: str, files: list[Path], store: Path) -> list[tuple[str, str, int]]:
    """Return what the check of a commit sees: the kind, the file and the line."""
    place = store / f".check-{commit[:7]}"
    archive = subprocess.run(["git", "archive", commit, "tasks"], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(place, filter="data")
    listing = store / ".files.json"
    listing.write_text(json.dumps([str(path) for path in files]), encoding="utf-8")
    words = [sys.executable, "-P", "-c", LOOK, str(place / "tasks"), str(listing)]
    output = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return [tuple(json.loads(line)) for line in output.splitlines()]


if __name__ == "__main__":
    raise SystemExit(main())
