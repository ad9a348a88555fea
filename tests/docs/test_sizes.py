"""Small rooms: no file that nobody reads to its end, no room that holds half of the house, and one
that writes tables.
"""

from collections import Counter
from pathlib import Path

from tests.docs.test_overview import PACKAGE, REPOSITORY, room_of_name

LONGEST_FILE, LARGEST_ROOM = 400, 0.15
CODE = {".py", ".hpp", ".cpp", ".smk"}


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_no_file_is_longer_than_a_reader_lasts():
    folders = (PACKAGE, REPOSITORY / "tests", REPOSITORY / "workflow")
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in CODE]
    assert len(files) > 300
    assert {path.name: lines(path) for path in files if lines(path) > LONGEST_FILE} == {}


def test_no_room_holds_too_much_of_the_source():
    sizes = Counter()
    for path in PACKAGE.rglob("*"):
        if path.suffix in CODE:
            name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
            sizes[room_of_name(name)] += lines(path)
    room, largest = sizes.most_common(1)[0]
    assert largest <= LARGEST_ROOM * sizes.total(), room


def test_tables_are_written_in_one_place():
    writers = ("to_csv(", "csv.writer", "csv.DictWriter", "savetxt(")
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if any(writer in path.read_text() for writer in writers)
    }
    assert found == {"core/tables.py"}
