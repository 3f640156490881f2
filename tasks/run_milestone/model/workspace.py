"""How a tree is made ready for work, and the commands that run in it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """What the tests of a tree need beside them: how it is started, when it is ready, and how it is ended."""

    start: tuple[str, ...]
    ready: tuple[str, ...] = ()
    """Ends with 0 once it serves; empty: it does as soon as it runs."""
    stop: tuple[str, ...] = ()
    """Empty: it gets SIGTERM."""


@dataclass(frozen=True, slots=True)
class TreeSpec:
    """How a tree is made ready for work, before anything runs in it. Every path is relative to the tree."""

    setup: tuple[tuple[str, ...], ...] = ()
    """Commands that install what the lock files name."""
    copy: tuple[str, ...] = ()
    """Untracked files of the checkout that a tree needs; they are never committed."""
    env: dict[str, str] = field(default_factory=dict)
    """Variables for every command; `{issue}`, `{port}` and `{tree}` stand for those of the tree."""
    python: str | None = None
    """What `{python}` means; None: the tree's own environment where it has one."""
    submodules: bool = True
    cache: tuple[str, ...] = ()
    """What the setup makes and other trees may take over while the lock files agree; empty: all of it."""
    services: tuple[ServiceSpec, ...] = field(default=(), metadata={"later": True})
    """What runs while the tests of the tree run."""
    network: tuple[str, ...] = field(default=(), metadata={"aside": True})
    """The only hosts that the setup reaches; empty: as the sandbox says."""


@dataclass(frozen=True, slots=True)
class Part:
    """What differs from the plan's commands for a part of the repository: the paths that `pattern` matches."""

    pattern: str
    depends_on: tuple[str, ...] = ()
    """Patterns of paths that it is built from, or of other parts: a change there tests this part too."""
    lint: tuple[str, ...] | None = None
    """None: the plan's."""
    test: tuple[str, ...] | None = None
    review: tuple[str, ...] | None = None
    report: str = ""

    @property
    def name(self) -> str:
        """What it is called: `web` for `web/**`."""
        return self.pattern.removesuffix("/**").removesuffix("/*")


@dataclass(frozen=True, slots=True)
class Commands:
    """Argument lists, never run through a shell; `{python}` is the tree's interpreter, else that of run-milestone."""

    lint: tuple[str, ...] = ("{python}", "-m", "ruff", "check", "--fix", "--exit-zero", ".")
    """By default the last word stands for the Python files that the issue changed."""
    test: tuple[str, ...] = ("{python}", "-m", "pytest")
    """Empty where the plan tests by parts alone."""
    review: tuple[str, ...] = ("{python}", "-m", "ruff", "check", "--output-format", "json", "--exit-zero")
    """Gets the changed Python files as arguments; empty where the plan says `none`."""
    timeout: int = 1800
    """Seconds one command may take."""
    pass_env: tuple[str, ...] = field(default=(), metadata={"later": True})
    """Names of environment variables that are passed on to them."""
    report: str = field(default="", metadata={"later": True})
    """Where in the tree the tests leave their report, or the folders of it; empty: at `{junit}`, or in the output."""
    parts: tuple[Part, ...] = field(default=(), metadata={"later": True})
    """Commands by path, in the plan's order."""
