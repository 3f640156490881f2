"""The public projects whose releases are replayed: by shape, registry and versions. Nothing of them is committed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Project:
    """Releases of one project: the difference of two that follow each other is a change."""

    name: str
    shape: str
    registry: str
    """`pypi`, `npm` or `debian` (a crate as Debian packs it: `package=version`)."""
    versions: tuple[str, ...]
    language: str = "python"
    source: str = ""
    """The folder of the code, `.` where it is the top."""
    drop: tuple[str, ...] = ()
    """What a registry adds to a release: it is in no repository."""
    needs: tuple[str, ...] = ()
    """What its tests need and its releases do not name: a lead adds it to the set-up in the plan."""
    setup: tuple[tuple[str, ...], ...] = ()
    """The set-up that a lead writes instead of that of `init`, because its package manager asks another registry."""
    migrations: str = ""
    """`alembic`, `django` or `sql`."""


@dataclass(frozen=True)
class Case:
    """One change: what lies between two releases."""

    project: Project
    before: str
    after: str

    @property
    def name(self) -> str:
        """Return the name of the case, which is a folder's name too."""
        return f"{self.project.name}-{self.after.rpartition('=')[2]}"


_SDIST = ("PKG-INFO", "*.egg-info", ".cargo-checksum.json", "debian")

PROJECTS = (
    Project(
        "cachetools",
        "Python, src layout",
        "pypi",
        ("5.0.0", "5.1.0", "5.2.0", "5.3.0", "5.3.2", "5.4.0", "5.5.0", "5.5.2"),
        source="src/cachetools",
        drop=_SDIST,
    ),
    Project(
        "itsdangerous",
        "Python, src layout",
        "pypi",
        ("2.1.0", "2.1.1", "2.1.2", "2.2.0"),
        source="src/itsdangerous",
        drop=_SDIST,
    ),
    Project(
        "sqlparse",
        "Python, flat",
        "pypi",
        ("0.4.1", "0.4.2", "0.4.3", "0.4.4", "0.5.0", "0.5.1", "0.5.2", "0.5.3"),
        source="sqlparse",
        drop=_SDIST,
    ),
    Project(
        "schedule",
        "Python, flat",
        "pypi",
        ("1.2.0", "1.2.1", "1.2.2"),
        source="schedule",
        drop=_SDIST,
        needs=("mock", "pytz"),
    ),
    Project(
        "parse",
        "Python, one module",
        "pypi",
        ("1.19.1", "1.20.0", "1.20.1", "1.20.2", "1.21.0", "1.21.1"),
        source=".",
        drop=_SDIST,
    ),
    Project(
        "django-axes",
        "Django application",
        "pypi",
        ("6.4.0", "6.5.0", "6.5.2", "7.0.0", "7.0.2", "7.1.0", "8.0.0"),
        source="axes",
        drop=_SDIST,
        migrations="django",
    ),
    Project(
        "ihatemoney",
        "Flask application with Alembic",
        "pypi",
        ("6.0.0", "6.0.1", "6.1.0"),
        source="ihatemoney",
        drop=_SDIST,
        migrations="alembic",
    ),
    Project("minimist", "Node", "npm", ("1.2.5", "1.2.6", "1.2.7", "1.2.8"), "javascript", "."),
    Project(
        "object-inspect",
        "Node",
        "npm",
        ("1.11.0", "1.11.1", "1.12.0", "1.12.2", "1.12.3", "1.13.1"),
        "javascript",
        ".",
    ),
    Project(
        "scopeguard",
        "Rust crate",
        "debian",
        ("librust-scopeguard-0.3-dev=0.3.3", "librust-scopeguard-dev=1.1.0"),
        "rust",
        "src",
        _SDIST,
    ),
    Project(
        "procrastinate",
        "migrations in plain SQL, no tests in the release",
        "pypi",
        ("0.29.0", "0.30.0", "1.0.0", "1.1.0"),
        source="procrastinate",
        drop=_SDIST,
        setup=(
            ("{python}", "-m", "venv", ".venv"),
            (".venv/bin/python", "-m", "pip", "install", "-e", ".[django]", "pytest"),
        ),
        migrations="sql",
    ),
)


def cases(names: frozenset[str] = frozenset()) -> list[Case]:
    """Return every change, one of each project in turn, or those of the named projects or cases."""
    pairs = [(at, Case(project, *pair)) for project in PROJECTS for at, pair in enumerate(pairwise(project.versions))]
    chosen = [(at, case) for at, case in pairs if not names or names & {case.project.name, case.name}]
    return [case for _, case in sorted(chosen, key=lambda each: each[0])]
