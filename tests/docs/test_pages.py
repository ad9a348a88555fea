"""What README and pages name exists: links, anchors, pictures, verbs, options, targets, modules."""

import re
import shlex
from pathlib import Path
from urllib.parse import unquote

import pytest

from slipfield.cli import commands

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "src" / "slipfield"
PAGES = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    REPOSITORY / "results" / "reference" / "README.md",
    *sorted((REPOSITORY / "docs").glob("*.md")),
]
LINK = re.compile(r"\[[^\[\]]*\]\(([^()\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
COMMANDS = commands()


@pytest.fixture(params=PAGES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def page(request) -> Path:
    return request.param


def prose(path: Path) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", path.read_text())


def slugs(path: Path) -> list[str]:
    """Anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ +(.*)$", prose(path), re.M)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", text) for text in headings)
    return [re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-") for text in plain]


def code(path: Path) -> str:
    """Blocks of shell commands and pieces of code in the text, a command a line."""
    blocks = [body for language, body in FENCE.findall(path.read_text()) if language == "sh"]
    pieces = re.findall(r"`([^`]+)`", prose(path))
    return "\n".join([*blocks, *(" ".join(piece.split()) for piece in pieces)])


def programs() -> set[str]:
    """What `envs/run` starts that is no verb."""
    cases = re.findall(
        r"^ +([\w-]+(?: \| [\w-]+)+)\)$", (REPOSITORY / "envs/run").read_text(), re.M
    )
    return {name for case in cases for name in case.split(" | ")} - COMMANDS.keys()


def test_links_and_pictures_lead_somewhere(page):
    links = [link for link in LINK.findall(prose(page)) if not re.match(r"https?:", link)]
    for link in links:
        name, _, anchor = unquote(link).partition("#")
        target = page.parent / name if name else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in slugs(target), f"{page.name}: {link}"


def test_every_page_is_in_the_index():
    listed = set(LINK.findall((REPOSITORY / "docs/index.md").read_text()))
    tree = (REPOSITORY / "docs/index.md").read_text().split("```{toctree}", 1)[1]
    for path in (REPOSITORY / "docs").glob("*.md"):
        if path.name != "index.md":
            assert path.name in listed and f"\n{path.stem}\n" in tree, path.name


def test_commands_exist_with_their_options(page):
    text = code(page).replace("\\\n", " ")
    for line in re.findall(r"(?:envs/run|\bslipfield) +((?!-|VERB|PROGRAM).*)", text):
        words = shlex.split(line.split("#")[0].split("`")[0], posix=True) or [""]
        if words[0] in programs():
            continue
        command = COMMANDS.get(words[0])
        assert command is not None, f"{page.name}: {line}"
        if hasattr(command, "commands") and len(words) > 1 and not words[1].startswith("-"):
            command = command.commands.get(words[1])
            assert command is not None, f"{page.name}: {line}"
        known = {name for entry in command.params for name in (*entry.opts, *entry.secondary_opts)}
        given = {word.split("=")[0] for word in words if word.startswith("--")}
        assert given <= known | {"--help"}, f"{page.name}: {line}"


def test_readme_lists_every_verb():
    table = (REPOSITORY / "README.md").read_text().split("\n## Verbs\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]*) \|", table, re.M)
    listed = {name for row in rows for name in re.findall(r"`([\w-]+)`", row)}
    assert listed == {name for name, command in COMMANDS.items() if not command.hidden}


def test_targets_of_make_exist(page):
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.M))
    for line in re.findall(r"^make +(.*)$", code(page), re.M):
        words = [word for word in shlex.split(line, comments=True) if "=" not in word]
        assert set(words) <= targets, f"{page.name}: make {line}"


def test_source_files_exist(page):
    files = [path.as_posix() for path in PACKAGE.rglob("*")]
    for name in re.findall(r"`([\w./*-]+\.(?:py|hpp|cpp|smk))`", prose(page)):
        inside = any(path.endswith(f"/{name.replace('*/', '')}") for path in files)
        assert inside or (REPOSITORY / name).exists(), f"{page.name}: {name}"
