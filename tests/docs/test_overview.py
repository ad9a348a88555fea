"""The table of rooms in docs/overview.md: complete, and imports point down it."""

import ast
import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "src" / "slipfield"
COMMAND_LINE = {"__init__", "__main__", "cli"}


def rows() -> dict[str, int]:
    """Row of each room in the table."""
    page = (REPOSITORY / "docs" / "overview.md").read_text()
    table = page.split("\n## Rooms\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]*) \|", table, re.M)
    return {
        name.removesuffix(".py"): row
        for row, cell in enumerate(cells)
        for name in re.findall(r"`([\w.]+)`", cell)
    }


def imports(path: Path) -> set[str]:
    """Rooms that a module imports, at its top or later."""
    tree = ast.walk(ast.parse(path.read_text()))
    names = {node.module or "" for node in tree if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[1] for name in names if name.startswith("slipfield.")}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if room_of(path) not in COMMAND_LINE]


def test_table_lists_every_room():
    assert {room_of(path) for path in modules()} == rows().keys()


def test_imports_point_down_the_table():
    order, upwards = rows(), set()
    for path in modules():
        if not path.name.endswith("verbs.py"):
            above = {name for name in imports(path) if order[name] < order[room_of(path)]}
            upwards |= {(path.relative_to(PACKAGE).as_posix(), name) for name in above}
    assert upwards == set()
