"""What is asked of a design, and what is refused in one line."""

import numpy as np
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.composite.answers import stiffness_text
from slipfield.kinds.composite.question import BOUNDS, Question, question_of
from slipfield.kinds.composite.study import check_study

C22 = ("C22", "15.2", "16.8")


def parse(targets=(C22,), bounds=(), tolerances=(), **options):
    return Question.parse(targets, bounds, tolerances, **options)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"targets": ()}, "target: none given"),
        ({"targets": (("C99", "1", "2"),)}, "target: given 'C99'"),
        ({"targets": (("C22", "16.8", "15.2"),)}, "lower bound must be below"),
        ({"targets": (("C22", "16", "16"),)}, "lower bound must be below"),
        ({"targets": (("C22", "nan", "16"),)}, "expected a name and two numbers"),
        ({"targets": (("C22", "1", "inf"),)}, "expected a name and two numbers"),
        ({"targets": (("C22", "16"),)}, "expected a name and two numbers"),
        ({"targets": (C22, ("C22", "14", "16"))}, "a constant is given twice"),
        ({"bounds": (("em", "8", "2"),)}, "bounds em: given 8.0 to 2.0"),
        ({"bounds": (("E", "2", "8"),)}, "parameters are em"),
        ({"bounds": (("em", "3", "6"), ("em", "4", "5"))}, "bounds em: given twice"),
        ({"bounds": (("num", "0.4", "0.5"),)}, "num: given 0.5"),
        ({"bounds": (("fraction", "0.5", "0.79"),)}, "fraction: given 0.79"),
        ({"array": "random"}, "array: given 'random'"),
        ({"tolerances": (("em", "wide"),)}, "tolerance em: given 'wide'"),
        ({"tolerances": (("em", "-5%"),)}, "tolerance em: given '-5%'"),
        ({"tolerances": (("em", "nan"),)}, "tolerance em: given 'nan'"),
        ({"tolerances": (("em", "5%"), ("em", "0.1"))}, "tolerance em: given twice"),
        (
            {"bounds": (("em", "3", "3"),), "tolerances": (("em", "5%"),)},
            "tolerance em: its bounds are one number",
        ),
        ({"void": True, "bounds": (("ef", "3", "4"),)}, "bounds ef: holes have no such"),
        ({"void": True, "tolerances": (("nuf", "0.01"),)}, "tolerance nuf: holes have no such"),
        (
            {"bounds": tuple((n, str(b[0]), str(b[0])) for n, b in BOUNDS.items())},
            "nothing to choose",
        ),
    ],
)
def test_refused_in_one_line(asked, message):
    with pytest.raises(SlipfieldError, match=message) as caught:
        parse(**asked)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "example"),
    [
        ({"targets": (("C22", "16"),)}, "C22 15.2 16.8"),
        ({"bounds": (("em", "3"),)}, "em 3 6"),
        ({"tolerances": (("em",),)}, "em 5%"),
    ],
)
def test_what_is_refused_shows_an_example_that_is_not(asked, example):
    with pytest.raises(SlipfieldError, match=f"such as {example}$"):
        parse(**asked)
    (option,) = asked
    parse(**{option: (tuple(example.split()),)})


@pytest.mark.parametrize(
    ("ef", "nuf", "void", "message"),
    [
        (250.0, None, True, "ef: holes have no such constant"),
        (None, 0.2, True, "nuf: holes have no such constant"),
        (None, 0.2, False, "ef: not given; name the fibre's --ef and --nuf, or --void"),
    ],
)
def test_holes_have_no_constants_and_fibres_have(ef, nuf, void, message):
    with pytest.raises(SlipfieldError, match=f"^{message}"):
        stiffness_text((5.0, 0.35, ef, nuf, 0.3), "square", void, 6, False)


def test_given_numbers_and_holes():
    question = parse(bounds=[("ef", "72", "72")])
    assert list(question.bounds[:, 2]) == [72, 72] and question.names[2] == "ef"
    holes = parse(void=True)
    assert holes.names == ("em", "num", "fraction") and not holes.bounds[:, 2:4].any()
    assert holes.bounds[1, 0] == 8.0


def test_study_of_holes_leaves_out_what_they_have_not():
    study = check_study({"name": "a", "kind": "composite", "cell": {"inclusions": "holes"}}, "x")
    question = question_of(study)
    assert question.void and not question.bounds[:, 2:4].any()
    assert not question.widths.constant[2:4].any() and question.widths.share[0] == 0.025
    given = {"ef_GPa": [72, 72], "em_GPa": [3, 4]}
    study = check_study({"name": "a", "kind": "composite", "bounds": given}, "x")
    assert question_of(study).widths.share[2] == 0
    assert np.ptp(study.box(), axis=0)[2] == 0


def test_a_study_is_refused_by_the_field_alone():
    content = {"name": "a", "kind": "composite", "bounds": {"fraction": [0.5, 0.9]}}
    with pytest.raises(SlipfieldError, match=r"^a.yaml: bounds\.fraction: given 0\.9; "):
        check_study(content, "a.yaml")
