"""Tables of trials: what people write comes back, or is refused with its place."""

import pandas as pd
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.core.kind import check_any_study
from slipfield.kinds.search.trials import add_told, read_trials

STUDY, _ = check_any_study(
    {
        "name": "furnace",
        "kind": "search",
        "variables": [{"name": "temperature_C", "units": "C", "low": 600, "high": 900}],
        "objectives": [{"name": "hardness_HV", "units": "HV", "goal": "maximise"}],
        "constraints": [{"name": "grain_um", "units": "um", "high": 20}],
    },
    "test",
)
HEAD = "trial,temperature_C,hardness_HV,grain_um,status,reason"


def told(tmp_path, *rows, head=HEAD):
    path = tmp_path / "told.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def test_filled_tables_come_back(tmp_path):
    path = told(tmp_path, "1,700,210.5,12,,", "0,650,,,failed,the lamp broke")
    table = read_trials(STUDY, path, told=True)
    assert table["trial"].tolist() == [0, 1]
    assert table["status"].tolist() == ["failed", "ok"]
    assert table["hardness_HV"][1] == 210.5 and pd.isna(table["hardness_HV"][0])
    assert table["reason"][0] == "the lamp broke"


@pytest.mark.parametrize("separator", [";", "\t"])
def test_separators_of_spreadsheets(tmp_path, separator):
    path = told(
        tmp_path, separator.join("0,650,200,15,ok,".split(",")), head=HEAD.replace(",", separator)
    )
    assert read_trials(STUDY, path, told=True)["hardness_HV"].tolist() == [200]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["0,650,,15,,"], r"trial 0: hardness_HV is empty; .* failed"),
        (["0,1650,200,15,,"], r"trial 0: temperature_C: 1650.* not within \[600, 900\]"),
        (["0,650,soft,15,,"], "trial 0: hardness_HV: 'soft' is no number"),
        (["0,650,200,15,perhaps,"], "status 'perhaps'"),
        (["0,650,200,15,,", "0,660,210,15,,"], "trial 0 is there twice"),
        (["0.5,650,200,15,,"], "whole numbers"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, rows, says):
    with pytest.raises(SlipfieldError, match=says):
        read_trials(STUDY, told(tmp_path, *rows), told=True)


def test_missing_and_strange_columns_are_named(tmp_path):
    with pytest.raises(SlipfieldError, match="no column 'grain_um'"):
        read_trials(
            STUDY, told(tmp_path, "0,650,200", head="trial,temperature_C,hardness_HV"), True
        )
    with pytest.raises(SlipfieldError, match="column 'colour' is none of the study's"):
        read_trials(STUDY, told(tmp_path, "0,650,200,15,red", head=HEAD[:-13] + "colour"), True)


def test_telling_again_corrects(tmp_path):
    everything = tmp_path / "all.csv"
    add_told(STUDY, told(tmp_path, "0,650,200,15,,", "1,700,210,15,,"), everything)
    table = add_told(STUDY, told(tmp_path, "1,700,310,15,,"), everything)
    assert table["hardness_HV"].tolist() == [200, 310]
    assert read_trials(STUDY, everything, told=True)["hardness_HV"].tolist() == [200, 310]
