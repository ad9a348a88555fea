"""What a checkpoint refuses."""

import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.fem.checkpoint import load_checkpoint, save_checkpoint
from slipfield.kinds.slip.fem.stepping import Stepper
from slipfield.kinds.slip.verification.specimens import make_study, problem_of, single_crystal


def make_stepper(**sections):
    study = make_study(4, loading={"outputs": 2}, **sections)
    problem = problem_of(study, single_crystal(4, (0.1, 0.2, 0.3)))
    return Stepper(problem, study.sampling.centre, lambda number, stepper: None)


def test_missing_damaged_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(SlipfieldError, match="not a readable checkpoint"):
        load_checkpoint(make_stepper(), tmp_path)
    stepper = make_stepper()
    stepper.run()
    save_checkpoint(stepper, tmp_path)
    with pytest.raises(SlipfieldError, match="other physics"):
        load_checkpoint(make_stepper(material={"rate_exponent": 20.0}), tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(SlipfieldError, match="not a readable checkpoint"):
        load_checkpoint(make_stepper(), tmp_path)


def test_restart_at_the_end_does_nothing(tmp_path):
    stepper = make_stepper()
    record = stepper.run()
    save_checkpoint(stepper, tmp_path)
    again = make_stepper()
    load_checkpoint(again, tmp_path)
    assert again.run() == record
