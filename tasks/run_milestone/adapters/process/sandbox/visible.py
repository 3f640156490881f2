"""Find the folders of this machine that a box shows: the system, the interpreter, and the tools that commands name."""

from __future__ import annotations

import errno
import functools
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ....core.presets import languages
from ..environment import CERTIFICATES
from .grants import Grants, Places

SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store", "/gnu/store"),
    *("/run/current-system", "/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"),
    *("/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/ca-certificates.conf", "/etc/crypto-policies"),
    *("/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/nsswitch.conf", "/etc/hosts", "/etc/protocols"),
    *("/etc/services", "/etc/os-release", "/etc/lsb-release", "/etc/terminfo", "/etc/magic", "/etc/fonts"),
    *("/etc/locale.alias", "/etc/python3", "/etc/perl", "/etc/java", "/etc/npmrc", "/etc/resolv.conf"),
    *("/etc/pip.conf", "/etc/xdg/pip", "/etc/uv", "/etc/gemrc", "/etc/maven", "/usr/local/etc/npmrc"),
)
"""What belongs to the system: programs, libraries, certificates, and settings that hold no secret."""
SECRETS = ("credentials", "credentials.toml", ".npmrc", ".pypirc", "config.toml")
"""Files of a toolchain's folder that may hold a login."""
_LONGEST = 4096
"""Characters of a path."""
_PREFIX = ("lib", "lib64", "pyvenv.cfg", "libexec", "versions")
"""What a folder holds beside `bin` where it belongs to the programs in there."""


def places(
    argv: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    grants: Grants,
    private: Iterable[Path],
    more: Iterable[Path] = (),
) -> Places:
    """Return what the command may read and write. Nothing that holds a `private` folder is among it.

    Errors: OSError where its program is not there.
    """
    hidden = tuple(dict.fromkeys((*map(real, private), Path.home())))
    program = _program(argv[0], cwd, env)
    write = tuple(path for path in dict.fromkeys(map(real, (cwd, *grants.write))))
    always, folders = _always(hidden, sys.executable), _tools(program, env)
    wanted = (*more, *grants.read, *folders, *_certificates(env, hidden), *_named(argv[1:], hidden))
    read = [piece for path in dict.fromkeys(wanted) if path.exists() for piece in _outside(path, hidden)]
    return Places(_topmost(tuple(dict.fromkeys((*always, *read)))), write)


def toolchain_variables(home: Path | None = None) -> dict[str, str]:
    """Return the variables that lead to the toolchains in a person's home, which a temporary home would hide."""
    home = home or Path.home()
    folders = {name: Path(os.environ.get(name) or home / place) for name, place in _homes().items()}
    return {name: str(path) for name, path in folders.items() if path.is_absolute() and os.path.isdir(path)}


@functools.cache
def _homes() -> dict[str, str]:
    """Return the folders of tools in a home, by the variable that names them."""
    return {variable: folder for language in languages() for variable, folder in language.homes.items()}


@functools.cache
def system() -> tuple[Path, ...]:
    """Return the system's folders and files that are on this machine."""
    return tuple(path for path in map(Path, SYSTEM) if path.exists())


def real(path: Path) -> Path:
    """Return an absolute path without links."""
    return Path(os.path.realpath(path))


@functools.lru_cache(maxsize=16)
def _always(hidden: tuple[Path, ...], executable: str) -> tuple[Path, ...]:
    """Return what every box shows. Kept, because looking at some fifty paths takes longer than the box itself."""
    wanted = dict.fromkeys((*system(), *_interpreter_of(executable)))
    return _topmost(tuple(piece for path in wanted if path.exists() for piece in _outside(path, hidden)))


# ---- programs -------------------------------------------------------------------------------------------------


def _program(name: str, cwd: Path, env: Mapping[str, str]) -> Path:
    """Return the file of a program. Errors: OSError where there is none, or it may not be executed."""
    if "/" in name:
        file = cwd / name
        if not os.access(file, os.X_OK) or file.is_dir():
            number = errno.EACCES if file.exists() else errno.ENOENT
            raise OSError(number, os.strerror(number), name)
        return file
    where = shutil.which(name, path=env.get("PATH", os.defpath))
    if where is None:
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), name)
    return Path(where)


@functools.cache
def _interpreter_of(executable: str) -> tuple[Path, ...]:
    """Return the folders of the interpreter that runs run-milestone, and of the packages it imports."""
    package = Path(__file__).parents[3]
    installed = (Path(path) for path in sys.path if path.endswith(("site-packages", "dist-packages")))
    prefixes = (Path(sys.prefix), Path(sys.base_prefix), *_prefixes(Path(executable)))
    return tuple(dict.fromkeys((*prefixes, *installed, package)))


def _tools(program: Path, env: Mapping[str, str]) -> Iterator[Path]:
    """Yield the program, what it needs, and the folders of PATH: a script may start any program of them."""
    yield program
    yield from _prefixes(program)
    yield from _interpreters(program)
    for folder in env.get("PATH", "").split(os.pathsep):
        if folder.startswith("/") and os.path.isdir(folder):
            yield from _folder_of_programs(folder)
    for variable in _homes():
        if variable in env and os.path.isdir(env[variable]):
            yield from _without_secrets(Path(env[variable]))


@functools.cache
def _folder_of_programs(folder: str) -> tuple[Path, ...]:
    path = Path(folder)
    return (path, *_prefix(path)) if not _is_system(path) else ()


def _prefixes(program: Path) -> Iterator[Path]:
    """Yield the folder that a program was installed into, followed through links: a version, an environment."""
    seen: set[Path] = set()
    for path in (program, *_links(program)):
        for prefix in () if _is_system(path) or path.parent in seen else (path, *_prefix(path.parent)):
            yield prefix
            yield from _base(prefix)
        seen.add(path.parent)


def _links(path: Path) -> Iterator[Path]:
    """Yield what a link points to, step by step."""
    for _ in range(16):
        if not path.is_symlink():
            return
        path = path.parent / path.readlink()
        yield Path(os.path.normpath(path))


def _prefix(folder: Path) -> tuple[Path, ...]:
    """Return the folder above a `bin`, where it belongs to the programs; a package of node lies deeper."""
    parts = folder.parts
    if "node_modules" in parts:
        return (Path(*parts[: parts.index("node_modules") + 1]),)
    above = folder.parent
    its_own = folder.name == "bin" and above != Path.home() and any((above / name).exists() for name in _PREFIX)
    return (above,) if its_own and above.name != ".local" else ()


def _base(prefix: Path) -> Iterator[Path]:
    """Yield the installation that a virtual environment was made from."""
    try:
        text = (prefix / "pyvenv.cfg").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "home" and not _is_system(folder := Path(value.strip())):
            yield from (folder, *_prefix(folder))


def _interpreters(program: Path) -> Iterator[Path]:
    """Yield the interpreter that the first line of a script names."""
    try:
        with program.open("rb") as file:
            line = file.readline(512)
    except OSError:
        return
    words = line[2:].split() if line.startswith(b"#!") else []
    if words and words[0].startswith(b"/"):
        interpreter = Path(os.fsdecode(words[0]))
        yield interpreter
        yield from _prefixes(interpreter)


def _named(words: Iterable[str], hidden: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the files that an argument list names by their absolute path. One that lies in the state is none."""
    private = [folder for folder in hidden if folder != Path.home()]
    for word in words:
        for text in (word, word.partition("=")[2]):
            if text.startswith("/") and len(text) < _LONGEST and os.path.isfile(text):
                path = real(Path(text))
                if not any(path.is_relative_to(folder) for folder in private):
                    yield Path(text)


def _certificates(env: Mapping[str, str], hidden: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the certificates that variables name, wherever they lie; folders as well as files."""
    private = [folder for folder in hidden if folder != Path.home()]
    for variable in CERTIFICATES:
        for name in filter(None, env.get(variable, "").split(os.pathsep)):
            path = Path(name)
            if path.is_absolute() and not any(real(path).is_relative_to(folder) for folder in private):
                yield path


# ---- folders --------------------------------------------------------------------------------------------------


def _is_system(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in system())


def _without_secrets(folder: Path) -> Iterator[Path]:
    """Yield what a toolchain's folder holds, but for its logins."""
    if any((folder / name).exists() for name in SECRETS):
        yield from (path for path in sorted(folder.iterdir()) if path.name not in SECRETS)
    else:
        yield folder


def _outside(path: Path, hidden: tuple[Path, ...]) -> Iterator[Path]:
    """Yield `path`, or the parts of it that hold nothing hidden. A home and what is above it show nothing."""
    place = real(path)
    if any(one.is_relative_to(place) for one in hidden):
        if place in hidden or Path.home().is_relative_to(place):
            return
        for child in sorted(place.iterdir()):
            yield from _outside(path / child.name, hidden)
    else:
        yield path


@functools.lru_cache(maxsize=64)
def _topmost(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return the paths without those that lie in another of them."""
    kept: dict[Path, None] = {}
    for path in sorted(dict.fromkeys(paths)):
        if not any(above in kept for above in path.parents):
            kept[path] = None
    return tuple(kept)
