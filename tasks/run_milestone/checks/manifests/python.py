"""Reads what Python projects ask for: pyproject.toml, requirements files, setup.py, setup.cfg and Pipfile."""

from __future__ import annotations

import ast
import configparser
import re
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

from ...core.presets import tables
from .package import PYPI, Dependency, Manifest, exact, items, outside, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HARMLESS = re.compile(r"--(?:require-hashes|prefer-binary|only-binary[ =](?!:none:)\S+|(?:hash|use-feature)[ =]\S+)")
"""Options that take packages from nowhere else. pip takes abbreviations, so every other one counts."""
_INCLUDE = re.compile(r"(?:-[rc]|--requirements?|--constraints?)[ =]?\s*(\S+)")


def canonical(name: str) -> str:
    """Return a Python package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(text: str, folder: str = "") -> Dependency | None:
    """Read a PEP 508 requirement, a URL or a path. None for a path inside of the repository, which is its own code."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = Requirement(text)
    except InvalidRequirement:
        return _unnamed(text, folder)
    if wanted.url:
        source = outside(folder, wanted.url) if wanted.url.startswith(("file:.", ".")) else f"@ {wanted.url}"
        return Dependency(PYPI, canonical(wanted.name), "", None, source) if source else None
    asked = str(wanted.specifier)
    return Dependency(PYPI, canonical(wanted.name), asked, exact(asked))


def _unnamed(text: str, folder: str) -> Dependency | None:
    """Read a bare URL or path. Only a URL may say which package it is (`#egg=name`)."""
    name = re.search(r"[#&]egg=([\w.-]+)", text)
    if name and "://" in text:
        return Dependency(PYPI, canonical(name[1]), "", None, f"@ {text.partition('#')[0]}")
    if re.match(r"\.{1,2}(/|\[|$)|[\w.-]+/|file:", text) and "://" not in text:
        place = outside(folder, re.sub(r"\[.*\]$", "", text))
        return Dependency(PYPI, text, "", None, place) if place else None
    return Dependency(PYPI, text, "", None, None if re.fullmatch(r"[\w.-]+", text) else text)


# ---- lists of requirements ----------------------------------------------------------------------------------------


def from_lines(text: str, folder: str = "") -> Manifest:
    """Read pip's format: requirements, editable ones, other indexes and included files."""
    manifest = Manifest()
    for line in text.replace("\\\n", "").splitlines():  # as pip joins them
        wanted = re.sub(r"(^|\s)#.*", "", line).strip()
        if include := _INCLUDE.fullmatch(wanted):
            manifest.includes.append(include[1])
        elif wanted.startswith("-") and not re.match(r"-e|--editable", wanted):
            manifest.origins += [] if _HARMLESS.fullmatch(wanted) else [wanted]
        else:
            _add_line(manifest, wanted, folder)
    return manifest


def _add_line(manifest: Manifest, line: str, folder: str) -> None:
    text, *options = line.split(" --")
    manifest.origins += [f"--{option}" for option in options if not option.startswith("hash")]
    wanted = re.sub(r"^(-e|--editable)[ =]?", "", text).strip()
    if wanted:
        _add(manifest, [wanted], folder)


def _add(manifest: Manifest, texts: Iterable[Any], folder: str = "") -> None:
    wanted = (requirement(text.strip(), folder) for text in texts if isinstance(text, str) and text.strip())
    manifest.packages += [one for one in wanted if one]


_BACKENDS = frozenset(
    {
        *("setuptools.build_meta", "setuptools.build_meta:__legacy__", "hatchling.build", "flit_core.buildapi"),
        *("poetry.core.masonry.api", "poetry.masonry.api", "poetry_dynamic_versioning.backend", "flit.buildapi"),
        *("flit_scm:buildapi", "pdm.backend", "pdm.pep517.api", "uv_build", "maturin", "mesonpy", "sipbuild.api"),
        *("scikit_build_core.build", "scikit_build_core.setuptools.build_meta", "py_build_cmake.build"),
    }
)
"""Build backends that everybody knows. The package of each is one of `requires`, and looked at there."""

# ---- pyproject.toml -----------------------------------------------------------------------------------------------


def from_pyproject(text: str, folder: str = "") -> Manifest:
    """Read PEP 621 and 735, build requirements, Poetry, uv, PDM, Hatch and Flit."""
    document, manifest = tomllib.loads(text), Manifest()
    for texts in _lists(document):
        _add(manifest, texts, folder)
    tool, build = table(document, "tool"), table(document, "build-system")
    settings = {key: build[key] for key in ("build-backend", "backend-path") if key in build}
    if settings.keys() != {"build-backend"} or settings["build-backend"] not in _BACKENDS:
        manifest.origins += [f"{key} = {value}" for key, value in settings.items()]
    manifest.origins += _started(document)
    _from_uv(table(tool, "uv"), manifest, folder)
    _from_poetry(table(tool, "poetry"), manifest, folder)
    manifest.origins += [f"[[tool.pdm.source]] {one.get('url')}" for one in items(table(tool, "pdm").get("source"))]
    dynamic = table(tool, "setuptools", "dynamic")
    files = [dynamic.get("dependencies"), *table(dynamic, "optional-dependencies").values()]
    manifest.includes += [str(file) for one in files for file in items(table(one).get("file"))]
    if "pixi" in tool:
        manifest.unread.append(f"[tool.pixi] {tool['pixi'].get('dependencies')}")
    project_name = canonical(str(table(document, "project").get("name", "")))
    manifest.packages = [one for one in manifest.packages if one.name != project_name]
    return manifest


def _started(document: dict[str, Any]) -> Iterator[str]:
    """Yield what runs code of the project when it is built, installed or tested, or leads to other packages."""
    tools = {name: table(document, "tool", name) for name in sorted(tables("pyproject.toml")["packages"])}
    for leaf in _leaves({name: tool for name, tool in tools.items() if tool}):
        if not _any("harmless").fullmatch(leaf) or _any("runs").fullmatch(leaf):
            yield f"[tool] {leaf}"
    yield from (
        leaf
        for leaf in _leaves(table(document, "project", "scripts"), "project.scripts")
        if _any("runs").fullmatch(leaf)
    )
    project_name = str(table(document, "project").get("name", table(document, "tool", "poetry").get("name", "")))
    for plugins in (table(document, "project", "entry-points"), table(document, "tool", "poetry", "plugins")):
        for group, names in sorted(plugins.items()):
            if not project_name or not f"{canonical(group)}-".startswith(f"{canonical(project_name)}-"):
                yield f"entry points {group}: {names}"


@cache
def _any(kind: str) -> re.Pattern[str]:
    """Return the expression for settings of a kind, each written as `table.key = value`."""
    return re.compile("|".join(sorted(tables("pyproject.toml")[kind])))


def _leaves(value: Any, path: str = "") -> Iterator[str]:
    """Yield each setting as `table.key = value`."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif path:
        yield f"{path} = {value}"


def _lists(document: dict[str, Any]) -> Iterator[list[Any]]:
    project, tool = table(document, "project"), table(document, "tool")
    groups = [table(project, "optional-dependencies"), table(document, "dependency-groups")]
    groups += [table(tool, "pdm", "dev-dependencies"), table(tool, "flit", "metadata", "requires-extra")]
    groups += [{"rye": table(tool, "rye").get("dev-dependencies")}]
    yield from (items(texts) for group in groups for texts in group.values())
    uv = table(tool, "uv")
    for environment in table(tool, "hatch", "envs").values():
        yield from (items(table(environment).get(key)) for key in ("dependencies", "extra-dependencies"))
    yield from (items(uv.get(f"{key}-dependencies")) for key in ("dev", "constraint", "override", "build-constraint"))
    yield items(project.get("dependencies"))
    yield items(table(document, "build-system").get("requires"))
    yield items(table(tool, "flit", "metadata").get("requires"))


_UV_INDEXES = ("index-url", "extra-index-url", "find-links")


def _from_uv(uv: dict[str, Any], manifest: Manifest, folder: str) -> None:
    """Read uv's indexes, and where it takes single packages from."""
    manifest.origins += [f"[[tool.uv.index]] {one.get('url')}" for one in items(uv.get("index"))]
    named = (
        (key, one) for settings in (uv, table(uv, "pip")) for key in _UV_INDEXES for one in items(settings.get(key))
    )
    manifest.origins += [f"[tool.uv] {key} {one}" for key, one in named]
    origins = {canonical(name): items(value) for name, value in table(uv, "sources").items()}
    for name, values in origins.items():
        source = next((text for text in (_source(value, folder) for value in values) if text), None)
        others = [one for one in manifest.packages if one.name == name]
        manifest.packages = [one for one in manifest.packages if one.name != name]
        if source:
            manifest.packages.append(Dependency(PYPI, name, others[0].asked if others else "", None, source))


def _source(value: Any, folder: str) -> str | None:
    """Return where a table of uv, Poetry or Pipfile takes a package from, None for the usual index or own code."""
    given = table({"value": value}, "value")
    for key in ("git", "url", "index", "source", "registry"):
        if key in given:
            return f"{key} {given[key]}"
    path = given.get("path") or given.get("file")
    return outside(folder, str(path)) if path else None


def _is_local(value: Any, folder: str) -> bool:
    given = table({"value": value}, "value")
    return bool(given.get("path") or given.get("file")) and _source(value, folder) is None


def _from_poetry(poetry: dict[str, Any], manifest: Manifest, folder: str) -> None:
    manifest.origins += [f"[[tool.poetry.source]] {one.get('url')}" for one in items(poetry.get("source"))]
    tables = [table(poetry, "dependencies"), table(poetry, "dev-dependencies")]
    tables += [table(group, "dependencies") for group in table(poetry, "group").values()]
    _add_tables(manifest, tables, folder)


def _add_tables(manifest: Manifest, tables: list[dict[str, Any]], folder: str) -> None:
    """Add packages that are written as `name = range`, as a table, or as a list of tables for different platforms."""
    for name, value in ((name, value) for one in tables for name, value in one.items()):
        choices = items(value)
        if name == "python" or all(_is_local(choice, folder) for choice in choices):
            continue
        ranges = [str(choice.get("version", "") if isinstance(choice, dict) else choice) for choice in choices]
        asked = " || ".join(dict.fromkeys(one for one in ranges if one not in {"", "*"}))
        source = next((text for text in (_source(choice, folder) for choice in choices) if text), None)
        manifest.add(PYPI, canonical(name), asked, exact=exact(asked), source=source)


def from_pipfile(text: str, folder: str = "") -> Manifest:
    """Read a Pipfile: every table but its own settings lists packages."""
    document, manifest = tomllib.loads(text), Manifest()
    manifest.origins += [f"[[source]] {table(one).get('url')}" for one in items(document.get("source"))]
    tables = [table(document, key) for key in document if key not in {"source", "requires", "scripts", "pipenv"}]
    _add_tables(manifest, tables, folder)
    return manifest


# ---- setuptools ---------------------------------------------------------------------------------------------------

_SETUP = frozenset({"setup", "setuptools.setup", "core.setup"})
_KEYS = ("install_requires", "setup_requires", "tests_require", "extras_require", "dependency_links", "cmdclass")


def from_setup_cfg(text: str, folder: str = "") -> Manifest:
    """Read the requirements in setup.cfg."""
    config, manifest = configparser.ConfigParser(interpolation=None, strict=False), Manifest()
    config.read_string(text)
    options = config["options"] if config.has_section("options") else {}
    lists = [options.get(key, "") for key in ("install_requires", "setup_requires", "tests_require")]
    lists += list(config["options.extras_require"].values()) if config.has_section("options.extras_require") else []
    for value in lists:
        files = re.fullmatch(r"\s*file:\s*(.+)", value)
        if files:
            manifest.includes += [name.strip() for name in files[1].split(",")]
        else:
            lines = [re.sub(r"(^|\s)#.*", "", line) for line in value.splitlines()]
            _add(manifest, [part for line in lines for part in re.split(r"(?<!\[);(?=\S)", line)], folder)
    manifest.origins += [f"dependency_links {one}" for one in options.get("dependency_links", "").split()]
    return manifest


def from_setup_py(text: str, folder: str = "") -> Manifest:
    """Read the literal arguments of `setup()`, without running it. Anything else there is not understood."""
    tree, manifest = ast.parse(text), Manifest()
    names = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) in _SETUP]
    for call in calls:
        for keyword in call.keywords:
            _add_keyword(manifest, keyword, names, folder)
    if calls:
        manifest.origins += [f"setup.py: {ast.unparse(node)}" for node in tree.body if not _is_plain(node)]
    return manifest


def _is_plain(node: ast.stmt) -> bool:
    """Tell a statement that does nothing at an installation but call `setup()`."""
    if isinstance(node, ast.Assign):
        return not any(isinstance(part, ast.Call) for part in ast.walk(node.value))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return ast.unparse(node.value.func).rpartition(".")[2] == "setup"
    return isinstance(node, (ast.Import, ast.ImportFrom)) or (
        isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call)
    )


def _add_keyword(manifest: Manifest, keyword: ast.keyword, names: dict[str, ast.expr], folder: str) -> None:
    if keyword.arg not in {*_KEYS, None}:
        return
    node = names.get(keyword.value.id, keyword.value) if isinstance(keyword.value, ast.Name) else keyword.value
    phrase = f"{keyword.arg or '**'}={ast.unparse(node)[:120]}"
    try:
        value = ast.literal_eval(node)
    except ValueError:
        (manifest.origins if keyword.arg == "cmdclass" else manifest.unread).append(phrase)
        return
    texts = [one for group in value.values() for one in items(group)] if isinstance(value, dict) else items(value)
    if keyword.arg == "dependency_links":
        manifest.origins += [f"dependency_links {one}" for one in texts]
    elif keyword.arg in _KEYS[:4]:
        _add(manifest, [line for one in texts for line in str(one).splitlines()], folder)
