"""Read a Python test module: whether it can reach other tests of the same process, and which of its tests assert."""

from __future__ import annotations

import ast
import re

from .syntax import called_name

_REACHING = frozenset(
    {
        *("setattr", "delattr", "exec", "eval", "__import__", "globals", "vars", "modules", "meta_path"),
        *("__dict__", "__code__", "__builtins__", "_exit", "settrace", "setprofile", "environ", "putenv", "chdir"),
        *("import_module", "reload", "get_objects", "pytest_plugins", "hookimpl", "sys.path", "pytest.exit"),
        *("subprocess", "Popen", "system", "popen", "fork", "ctypes", "write_text", "write_bytes", "unlink", "rmtree"),
        *("symlink_to", "hardlink_to", "copyfile", "copytree", "copy2"),
    }
)
"""Names by which a test can change what others see, beyond what pytest's own fixtures undo."""
_QUIET = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_CHECKS = re.compile(r"assert|check|expect|verif|validat|should|raises|warns|fail|compare|ensure|must", re.IGNORECASE)


def reaches_others(source: str) -> bool:
    """Return whether a module may change what tests beside it see; one that does not parse may."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return not all(map(_is_quiet, tree.body)) or any(map(_reaches, ast.walk(tree)))


def _is_quiet(node: ast.stmt) -> bool:
    """Return whether a statement of a module only defines something."""
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return all(isinstance(target, (ast.Name, ast.Tuple)) for target in targets)
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, _QUIET)


def _reaches(node: ast.AST) -> bool:
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete)):
        targets = node.targets if isinstance(node, (ast.Assign, ast.Delete)) else [node.target]
        return any(isinstance(target, ast.Attribute) and not _is_own(target) for target in targets)
    if isinstance(node, ast.Global):
        return True
    if isinstance(node, ast.FunctionDef) and node.name.startswith("pytest_"):
        return True
    if isinstance(node, ast.Name):
        return node.id in _REACHING
    if isinstance(node, ast.Call) and _opens_to_write(node):
        return True
    if not isinstance(node, ast.Attribute) or _is_fixture(node):
        return False
    started = node.attr == "start" and isinstance(node.value, ast.Call)  # mock.patch(…).start()
    return started or not _REACHING.isdisjoint((node.attr, ast.unparse(node)))


def _is_fixture(node: ast.Attribute) -> bool:
    """Return whether an attribute is one of pytest's monkeypatch, which undoes what it did, or of a temporary path."""
    return ast.unparse(node.value).lstrip("(").startswith(("monkeypatch", "tmp_path", "tmpdir"))


def _opens_to_write(node: ast.Call) -> bool:
    """Return whether a call opens a file to write, as `open("x", "w")` does."""
    name = called_name(node)
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    modes = [str(one.value) for one in given if isinstance(one, ast.Constant)]
    return name == "open" and any(re.fullmatch(r"[rwaxbt+]{1,3}", mode) and set("wax+") & set(mode) for mode in modes)


def _is_own(target: ast.Attribute) -> bool:
    return isinstance(target.value, ast.Name) and target.value.id in {"self", "cls"}


def asserts(source: str, test: str) -> bool:
    """Return whether a test checks anything, itself or by what it calls; one that is not in the module does."""
    try:
        functions = {
            node.name: node
            for node in ast.walk(ast.parse(source))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        }
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    wanted, seen = [test], set[str]()
    while wanted:
        name = wanted.pop()
        function = functions.get(name)
        if function is None or name in seen:
            continue
        seen.add(name)
        called = {word for node in ast.walk(function) if (word := _called(node))}
        if any(isinstance(node, ast.Assert) for node in ast.walk(function)) or any(map(_CHECKS.search, called)):
            return True
        wanted += called
    return test not in functions


def _called(node: ast.AST) -> str:
    """Return the name of what a node calls, empty where it calls nothing."""
    function = node.func if isinstance(node, ast.Call) else None
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
