"""The rooms of docs/overview.md: complete; imports point down the table and never in a circle."""

import ast
import functools
import graphlib
import re
import runpy
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "src" / "slipfield"
COMMAND_LINE = {"__init__", "__main__", "cli"}


@functools.cache
def rows() -> dict[str, int]:
    """Row of each room in the table."""
    page = (REPOSITORY / "docs" / "overview.md").read_text()
    table = page.split("\n## Rooms\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]*) \|", table, re.M)
    return {
        name.removesuffix(".py"): row
        for row, cell in enumerate(cells)
        for name in re.findall(r"`([\w./]+)`", cell)
    }


@functools.cache
def statements(path: Path) -> list[ast.Import | ast.ImportFrom]:
    """Imports of a module, at its top or in a function."""
    tree = ast.walk(ast.parse(path.read_text()))
    return [node for node in tree if isinstance(node, ast.Import | ast.ImportFrom)]


def imports(path: Path) -> set[str]:
    """Rooms that a module imports, at its top or later."""
    names = {node.module or "" for node in statements(path) if isinstance(node, ast.ImportFrom)}
    return {room_of_name(name) for name in names if name.startswith("slipfield.")}


def room_of_name(module: str) -> str:
    """Room of a module: the longest part of its path that the table lists, else its folder."""
    parts = module.split(".")[1:]
    paths = ["/".join(parts[:depth]) for depth in range(len(parts), 0, -1)]
    return next((path for path in paths if path in rows()), paths[min(1, len(paths) - 1)])


def room_of(path: Path) -> str:
    return room_of_name(module_name(path))


def modules() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if path.stem not in COMMAND_LINE]


def test_table_lists_every_room():
    assert {room_of(path) for path in modules()} == rows().keys()


def test_the_picture_of_the_rooms_is_the_drawn_one():
    script = runpy.run_path(str(REPOSITORY / "docs" / "rooms.py"))
    assert script["FIGURE"].read_text() == script["picture"](), "run: envs/run python docs/rooms.py"


def test_imports_point_down_the_table():
    order, upwards = rows(), set()
    for path in modules():
        if not path.name.endswith("verbs.py"):
            above = {name for name in imports(path) if order[name] < order[room_of(path)]}
            upwards |= {(path.relative_to(PACKAGE).as_posix(), name) for name in above}
    assert upwards == set()


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(path: Path, known: set[str]) -> set[str]:
    """Modules of the package that a module imports, at its top or in a function."""
    found = set()
    for node in statements(path):
        if isinstance(node, ast.ImportFrom) and node.module:
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (members & known) or ({node.module} & known)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & known
    return found


def test_no_module_imports_itself_by_a_detour():
    names = {module_name(path): path for path in modules()}
    graph = {name: imported_modules(path, set(names)) for name, path in names.items()}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError with the circle
