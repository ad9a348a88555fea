"""Tables of trials: what people write comes back, or is refused with its place."""

import pandas as pd
import pytest
import yaml

from slipfield.core.errors import SlipfieldError
from slipfield.core.kind import check_any_study
from slipfield.kinds.search.trials import add_told, read_trials
from slipfield.kinds.search.verbs import app

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
        (["0,900.5,200,15,,"], r"900.5 is not within \[600, 900\]; .* widen these bounds"),
        (["0,,200,15,,"], "trial 0: temperature_C is empty; fill in"),
        (["0.5,650,200,15,,"], "whole numbers"),
        (["100000000000000000000,650,200,15,,"], "whole numbers from 0 to 1,000,000,000"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, rows, says):
    with pytest.raises(SlipfieldError, match=says):
        read_trials(STUDY, told(tmp_path, *rows), told=True)


def test_whole_variables_are_told_whole(tmp_path):
    content = STUDY.model_dump(mode="json")
    content["variables"][0]["values"] = "whole"
    study = check_any_study(content, "test")[0]
    path = told(tmp_path, "0,650,200,15,,", "1,700.5,210,15,,")
    with pytest.raises(SlipfieldError, match="trial 1: temperature_C: 700.5 is no whole number"):
        read_trials(study, path, told=True)
    path = told(tmp_path, "0,650.0,200,15,,", "1,699.9999999,210,15,,")
    assert read_trials(study, path, told=True)["temperature_C"].tolist() == [650, 700]


@pytest.mark.parametrize("name", ["Hardness_hv", "Trial", "GRAIN_um_STD"])
def test_names_that_differ_by_capitals_only_are_refused(name):
    """Spreadsheets and people change capitals, so columns are found whatever theirs."""
    content = STUDY.model_dump(mode="json")
    content["variables"][0]["name"] = name
    with pytest.raises(SlipfieldError, match="stands for two columns"):
        check_any_study(content, "test")


def test_a_logarithm_is_of_values_above_zero(tmp_path):
    content = STUDY.model_dump(mode="json")
    content["objectives"][0]["scale"] = "log"
    study = check_any_study(content, "test")[0]
    path = told(tmp_path, "0,650,,,failed,", "1,700,0,12,,")
    with pytest.raises(SlipfieldError, match="trial 1: hardness_HV must be above 0"):
        read_trials(study, path, told=True)
    assert len(read_trials(STUDY, path, told=True)) == 2


def test_a_linear_scale_leaves_what_decides_trials_as_it_was():
    """Rounds of a version that knew no scale are not taken for another study's."""
    objective = STUDY.physics()["objectives"][0]
    assert sorted(objective) == ["goal", "name", "noise_std", "reference", "units"]
    content = STUDY.model_dump(mode="json")
    content["objectives"][0]["scale"] = "log"
    changed = check_any_study(content, "test")[0]
    assert changed.physics()["objectives"][0]["scale"] == "log"
    assert changed.physics_hash() != STUDY.physics_hash()


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


ROWS = (HEAD, "0,650,200.5,15,,", "1,700,210.25,12.5,,a; b")


def in_german(lines):
    """Lines of a table as a German spreadsheet saves them, with empty rows and an empty column."""
    changed = [line.replace(",", ";").replace(".", ",") + ";" for line in lines]
    return "\r\n".join([*changed, *[";" * 6] * 2, ""])


@pytest.mark.parametrize(
    "content",
    [
        in_german([ROWS[0], ROWS[1], ROWS[2][:-4]]).encode("utf-8-sig"),
        in_german([ROWS[0], ROWS[2][:-4], ROWS[1]]).replace(";", "\t").encode("utf-16"),
        "\n".join(["sep=,", "our furnace, May", ROWS[0].upper(), *ROWS[1:]]).encode(),
        "\n".join([ROWS[0], '0,650,"200,5",15,,', '1,700,"210,25","12,5",,"Ofentür"']).encode(
            "cp1252"
        ),
        "\n".join([ROWS[0], "0,650,200.5,15,,,", "1,700,210.25,12.5,,,"]).encode(),
    ],
    ids=["semicolons", "utf-16", "notes", "quoted", "comma too many"],
)
def test_tables_as_spreadsheets_save_them(tmp_path, content):
    path = tmp_path / "filled.csv"
    path.write_bytes(content)
    table = read_trials(STUDY, path, told=True)
    assert table["trial"].tolist() == [0, 1]
    assert table["temperature_C"].tolist() == [650, 700]
    assert table["hardness_HV"].tolist() == [200.5, 210.25]
    assert table["grain_um"].tolist() == [15, 12.5]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f"{HEAD}\n0,650,200,5,15,,\n1,700,210,12,,\n", "row 1 has 7 entries for 6 columns; put"),
        (f"{HEAD}\n0,650,1e999,15,,\n", "trial 0: hardness_HV: '1e999' is no number"),
        (f"{HEAD},\n0,650,200,15,,,Mia\n", "column 7 has no name; remove it"),
        (f"{HEAD},grain_um\n0,650,200,15,,,3\n", "column 'grain_um' is there twice"),
        (f'{HEAD}\n0,650.5,"200,5",15,,\n', "decimal points and decimal commas"),
        (f"{HEAD}\n", "holds no trial"),
        ("", "empty"),
    ],
)
def test_damaged_tables_are_named(tmp_path, content, says):
    path = tmp_path / "filled.csv"
    path.write_text(content)
    with pytest.raises(SlipfieldError, match=says):
        read_trials(STUDY, path, told=True)


def test_trials_of_which_nothing_is_filled_in_wait(tmp_path, capsys):
    everything = tmp_path / "all.csv"
    table = add_told(STUDY, told(tmp_path, "0,650,200,15,,", "1,700,,,,", "2,710,,,,"), everything)
    assert table["trial"].tolist() == [0]
    assert "nothing is filled in for trial 1, 2" in capsys.readouterr().err
    with pytest.raises(SlipfieldError, match="trial 1: grain_um is empty"):
        add_told(STUDY, told(tmp_path, "1,700,210,,,"), everything)
    with pytest.raises(SlipfieldError, match="no trial is filled in"):
        add_told(STUDY, told(tmp_path, "1,700,,,,"), everything)
    assert read_trials(STUDY, everything, told=True)["trial"].tolist() == [0]


def test_a_number_stands_for_one_trial(tmp_path):
    """Two tables that were asked for from the same told trials number other trials alike."""
    everything = tmp_path / "all.csv"
    add_told(STUDY, told(tmp_path, "0,650,200,15,,", "1,700,210,15,,"), everything)
    with pytest.raises(SlipfieldError, match=r"trial 1: temperature_C is 810, .* with 700; .* 2,"):
        add_told(STUDY, told(tmp_path, "1,810,310,15,,"), everything)
    assert read_trials(STUDY, everything, told=True)["hardness_HV"].tolist() == [200, 210]
    table = add_told(STUDY, told(tmp_path, "1,700.1,310,15,,"), everything)
    assert table["hardness_HV"].tolist() == [200, 310]


@pytest.fixture
def furnace(tmp_path):
    """Study file and `search` in its folder."""
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(STUDY.model_dump(mode="json")))
    config = ["--config", str(tmp_path / "study.yaml")]

    def call(verb, **options):
        words = [word for name, file in options.items() for word in (f"--{name}", tmp_path / file)]
        app([verb, *config, *map(str, words)], standalone_mode=False)

    return call


def test_results_that_are_not_told_yet_are_not_overwritten(furnace, tmp_path, capsys):
    asked = tmp_path / "asked.csv"
    furnace("ask", told="told.csv", output="asked.csv")
    assert "told.csv: not there; it counts as empty" in capsys.readouterr().err
    furnace("ask", told="told.csv", output="asked.csv")  # nothing is filled in
    lines = asked.read_text().splitlines()
    asked.write_text(in_german([lines[0], lines[2].replace(",,,,", ",200.5,15,,")]))
    with pytest.raises(SlipfieldError, match="holds results of trial 1, which is not told yet"):
        furnace("ask", told="told.csv", output="asked.csv")
    furnace("tell", told="told.csv", filled="asked.csv")
    furnace("ask", told="told.csv", output="asked.csv")
    assert [line.split(",")[0] for line in asked.read_text().splitlines()[1:]] == ["0", "2", "3"]


def test_told_trials_are_not_overwritten(furnace, tmp_path):
    content = told(tmp_path, "0,650,200,15,,").read_bytes()
    with pytest.raises(SlipfieldError, match="has the told trials"):
        furnace("ask", told="told.csv", output="told.csv")
    assert (tmp_path / "told.csv").read_bytes() == content
