"""Read the house from its imports: which module imports which, in which room each lies, and how high it stands."""

import ast
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGE = "run_milestone"


class Module:
    """One module of a package: its dotted name below the package, and its text."""

    def __init__(self, root, path, planted=""):
        relative = path.relative_to(root)
        self.file = relative.as_posix()
        self.is_package = path.name == "__init__.py"
        self.folder = relative.parts[:-1]
        self.name = ".".join(self.folder if self.is_package else (*self.folder, path.stem))
        self.text = path.read_text(encoding="utf-8") + planted

    @property
    def room(self):
        """The folder that the module lies in; each kind of adapter is a room of its own."""
        depth = 2 if self.folder[:1] == ("adapters",) else 1
        return "/".join(self.folder[:depth]) or self.file.removesuffix(".py")

    def imports_outside(self):
        """Top-level names of what it imports from other packages."""
        plain = (alias.name for node in self._nodes(ast.Import) for alias in node.names)
        from_ = (node.module for node in self._nodes(ast.ImportFrom) if not node.level)
        return {name.split(".")[0] for name in (*plain, *from_)}

    def imports_inside(self, names):
        """Modules of its package that it imports, also only for type checking; `names` are all there are."""
        return {
            target
            for node in self._nodes(ast.ImportFrom)
            if node.level
            for target in self._targets(node, names)
            if target != self.name
        }

    def _targets(self, node, names):
        above = self.folder[: len(self.folder) - node.level + 1]
        base = ".".join((*above, *(node.module.split(".") if node.module else ())))
        for alias in node.names:
            below = f"{base}.{alias.name}".lstrip(".")
            yield below if below in names else base

    def functions(self):
        return self._nodes(ast.FunctionDef, ast.AsyncFunctionDef)

    def _nodes(self, *kinds):
        return [node for node in self.nodes if isinstance(node, kinds)]

    @cached_property
    def tree(self):
        """Its syntax tree, made where a test asks for it: every worker imports test_house, and one runs its tests."""
        return ast.parse(self.text)

    @cached_property
    def nodes(self):
        """Every node of the tree."""
        return list(ast.walk(self.tree))


def read_modules(root):
    """All modules below `root`, sorted by file."""
    return [Module(root, path) for path in sorted(Path(root).rglob("*.py"))]


def module_graph(modules):
    """Module name → the modules it imports."""
    names = {module.name for module in modules}
    return {module.name: module.imports_inside(names) for module in modules}


def room_graph(modules):
    """Room → the rooms that its modules import."""
    room_of = {module.name: module.room for module in modules}
    graph = {room: set() for room in room_of.values()}
    for name, targets in module_graph(modules).items():
        graph[room_of[name]] |= {room_of[target] for target in targets} - {room_of[name]}
    return graph


def floors(graph):
    """Each node with its floor: one above the highest that it imports. Raises CycleError where imports go round."""
    height = {}
    for node in TopologicalSorter(graph).static_order():
        height[node] = 1 + max((height[below] for below in graph[node]), default=0)
    return height


def cycle(graph):
    """The nodes of one circle, the first repeated at the end; none where imports go one way."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []
