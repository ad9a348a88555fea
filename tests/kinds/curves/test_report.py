"""Parts of the report of a study of curves that a study in miniature does not have."""

from slipfield.kinds.curves.report import learners_section


def test_a_training_of_minutes_is_told_without_an_exponent():
    numbers = "mean median least share_above_0.95 median_error monotone covered".split()
    row = {"learner": "published", "scheme": "groups", "setting": "1", "curves": "10"}
    row |= dict.fromkeys(numbers, "0.9")
    (table,) = learners_section([{**row, "fit_cpu_s": "162.4"}]).tables
    assert table.rows[0][-1] == "160"
