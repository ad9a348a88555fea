"""Study files that are wrong in every way: `check` says so in one line."""

import copy

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from slipfield.kinds.slip.planning.plan import batches
from slipfield.kinds.slip.study import Study, load_study
from tests.fuzz.verbs import files, hold_to_promises, mutations, run_verb

pytestmark = pytest.mark.slow

WHOLE = Study(name="whole").model_dump(mode="json")
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-3, 30)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1e3", "nan", "../up", "a\nb", "$(ls)", "random", "projection", 10**400])
    | st.dates()
    | st.binary(max_size=4)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=6) | st.integers() | st.none(), inner, max_size=3)
    ),
    max_leaves=8,
)


def places(content, path=()):
    """Path of every field and list item."""
    found = [path] if path else []
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in items:
        nested = isinstance(value, dict | list)
        found += places(value, (*path, key)) if nested else [(*path, key)]
    return found


PLACES = places(WHOLE)


@st.composite
def wrong_studies(draw):
    """A whole study with up to three fields replaced, removed or added."""
    content = copy.deepcopy(WHOLE)
    for place in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3, unique=True)):
        target = content
        for key in place[:-1]:
            fits = key in target if isinstance(target, dict) else isinstance(target, list)
            if not fits or (isinstance(target, list) and key >= len(target)):
                break
            target = target[key]
        else:
            if isinstance(target, dict | list):
                change(draw, target, place[-1])
    return content


def change(draw, target, key):
    """Replace, remove or add an entry."""
    action = draw(st.sampled_from(["replace", "remove", "add"]))
    if isinstance(target, list):
        if action == "add" or not isinstance(key, int) or key >= len(target):
            target.append(draw(VALUES))
        elif action == "remove":
            del target[key]
        else:
            target[key] = draw(VALUES)
    elif action == "remove":
        target.pop(key, None)
    else:
        target[key if action == "replace" else draw(st.text(max_size=8))] = draw(VALUES)


def check(text, folder):
    """Check a study file; a valid one must also survive a round trip and have its batches."""
    path = folder / "study.yaml"
    path.write_bytes(text)
    before = files(folder)
    result = run_verb("check", "--config", path)
    hold_to_promises(result, before, folder)
    if result.code == 0:
        study = load_study(path)
        assert Study.model_validate_json(study.model_dump_json()) == study
        if study.sampling.samples <= 1000:
            assert sum(map(len, batches(study))) == study.sampling.samples


@mutations()
@given(content=wrong_studies())
def test_fields_of_any_kind(content, tmp_path):
    check(yaml.safe_dump(content, allow_unicode=True).encode(), tmp_path)


TEXT = yaml.safe_dump(WHOLE, sort_keys=False).encode()
PIECES = [
    b"\n",
    b": ",
    b"- ",
    b"{",
    b"}",
    b"[",
    b"&a ",
    b"*a",
    b"!!",
    b"|",
    b"\t",
    b"\x00",
    b"\xff",
]
PIECES += [b"<<: ", b"? ", b"'", b'"', b"#", b"%", b"@", b"!!python/object:os.system ", b"=", b"~"]


@mutations()
@given(
    cuts=st.lists(
        st.tuples(
            st.integers(0, len(TEXT)),
            st.integers(0, 12),
            st.sampled_from(PIECES) | st.binary(max_size=6),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_text_of_any_kind(cuts, tmp_path):
    text = TEXT
    for start, length, piece in cuts:
        text = text[:start] + piece + text[start + length :]
    check(text, tmp_path)
