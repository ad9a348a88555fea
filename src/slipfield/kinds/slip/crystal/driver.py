"""One material point driven through an in-plane deformation path."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import SupportsFloat

import numpy as np
from numpy.typing import ArrayLike

from slipfield.core.errors import SlipfieldError, one_line
from slipfield.core.files import write_text
from slipfield.core.tables import csv_text
from slipfield.kinds.slip.crystal.law import (
    Law,
    Parameters,
    hardening_modulus,
    initial_crss,
    make_law,
)
from slipfield.kinds.slip.crystal.point import Point
from slipfield.kinds.slip.specimen.orientation import matrix_of_euler
from slipfield.kinds.slip.study import Material, Study

PATH_COLUMNS = ("time", "F11", "F12", "F21", "F22")
STRAIN_PER_STEP = 2.5e-5
STEPS_PER_SEGMENT = 250
FIRST_STEP = 1e-3  # after a kink, of the largest step
GROWTH = 1.3
SAME_RATE = 1e-9


class MaterialPoint(Point):
    """A single crystal point of a traction-free sheet; its metric is (3,) C11, C22, C12.

    Parameters
    ----------
    law : kernel constants.
    euler : Bunge angles in rad.
    h : hardening modulus, MPa.
    crss : initial crss of all systems, MPa.

    Attributes
    ----------
    stress : (3,) second Piola-Kirchhoff S11, S22, S12 in MPa.  columns : (2, 3) first two columns
    of Fp.  tangent : (3, 3) dS/d(E11, E22, 2 E12) of the last step, MPa.
    """

    kernel = "slipfield_point"
    state = ("stress", "crss", "columns", "slip", "tangent")

    def __init__(self, law: Law, euler: ArrayLike, h: SupportsFloat, crss: SupportsFloat):
        super().__init__(law, h, crss)
        self.columns = np.ascontiguousarray(matrix_of_euler(np.asarray(euler, float))[:, :2].T)
        self.stress = np.zeros(3)
        self.tangent = np.zeros((3, 3))


def metric_of(gradient: np.ndarray) -> np.ndarray:
    """(3,) C11, C22, C12 of a (2, 2) in-plane deformation gradient."""
    metric = gradient.T @ gradient
    return np.array([metric[0, 0], metric[1, 1], metric[0, 1]])


def drive(
    point: MaterialPoint, times: np.ndarray, gradients: np.ndarray, max_step: float | None = None
) -> np.ndarray:
    """Stress at the corners of a piecewise-linear path.

    Parameters
    ----------
    point : the material point, changed in place.
    times : (n,) s, increasing, first 0.
    gradients : (n, 2, 2) in-plane deformation gradient F, first the identity.
    max_step : largest internal step in s; by default 2.5e-5 of strain or 1/250 of the
        path between two kinks.

    Returns
    -------
    (n, 3) second Piola-Kirchhoff stress S11, S22, S12 in MPa.

    Raises
    ------
    SlipfieldError
        If the point problem does not converge with steps a million times smaller.
    """
    stresses = [point.stress.copy()]
    durations = np.diff(times)
    rates = np.diff(gradients, axis=0) / durations[:, None, None]
    changed = np.abs(np.diff(rates, axis=0)).max(axis=(1, 2)) > SAME_RATE * np.abs(rates).max()
    kinks = [0, *(np.flatnonzero(changed) + 1), len(rates)]
    for first, last in zip(kinks, kinks[1:], strict=False):
        point.restart()
        length = times[last] - times[first]
        steps = max(STEPS_PER_SEGMENT, np.abs(rates[first]).max() * length / STRAIN_PER_STEP)
        largest = min(length / steps, max_step or np.inf)
        step = FIRST_STEP * largest
        for i in range(first, last):
            step = _drive_straight(point, durations[i], gradients[i], rates[i], step, largest)
            stresses.append(point.stress.copy())
    return np.array(stresses)


def _drive_straight(
    point: MaterialPoint,
    length: float,
    start: np.ndarray,
    rate: np.ndarray,
    step: float,
    largest: float,
) -> float:
    """Advance ``length`` seconds at a constant rate of F with growing steps; returns the next."""
    done = 0.0
    while done < length * (1 - 1e-12):
        remaining = length - done
        step = remaining / np.ceil(remaining / step - 1e-9)
        end = length if step >= remaining * (1 - 1e-9) else done + step
        if point.advance(metric_of(start + rate * end), end - done):
            done, step = end, min(largest, GROWTH * step)
        elif (step := step / 4) < 1e-9 * length:
            raise SlipfieldError(
                f"path: no equilibrium of the point law {done:.6g} s into a segment; "
                "check that the path deforms by less than 100 % and the units are mm, s, MPa"
            )
    return step


def run_point(
    material: Material,
    euler: ArrayLike,
    size: float,
    k: Parameters,
    times: np.ndarray,
    gradients: np.ndarray,
    max_step: float | None = None,
) -> np.ndarray:
    """Stress (n, 3) in MPa of a grain of size D (mm) and parameters k1, k2, k3 along a path."""
    law = make_law(material, tolerance=1e-11)
    h, crss = hardening_modulus(material, k, size), initial_crss(k, size)
    point = MaterialPoint(law, euler, h, crss)
    return drive(point, times, gradients, max_step)


def read_path(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Times (n,) in s and in-plane gradients (n, 2, 2) of a path file.

    Raises
    ------
    SlipfieldError
        If columns are missing, a value is no number, or times do not increase from the
        undeformed state.
    """
    try:
        with open(path, newline="", encoding="utf-8") as handle:
            reader = csv.DictReader(handle, skipinitialspace=True)
            missing = set(PATH_COLUMNS) - set(reader.fieldnames or ())
            if missing:
                raise SlipfieldError(
                    f"{path}: missing columns {sorted(missing)}; expected {','.join(PATH_COLUMNS)}"
                )
            rows = [[float(row[name]) for name in PATH_COLUMNS] for row in reader]
    except (OSError, UnicodeDecodeError) as error:
        raise SlipfieldError(f"{path}: cannot be read: {one_line(error)}") from error
    except (TypeError, ValueError) as error:
        raise SlipfieldError(f"{path}: a value is not a number: {error}") from error
    table = np.array(rows, dtype=float).reshape(-1, len(PATH_COLUMNS))
    if len(table) < 2 or not np.isfinite(table).all():
        raise SlipfieldError(f"{path}: expected two or more rows of finite numbers")
    times, gradients = table[:, 0], table[:, 1:].reshape(-1, 2, 2)
    if np.any(np.diff(times) <= 0):
        raise SlipfieldError(f"{path}: times must increase")
    if not np.allclose(gradients[0], np.eye(2), atol=1e-12):
        raise SlipfieldError(f"{path}: the first row must be undeformed (F = identity)")
    if np.any(np.linalg.det(gradients) <= 0):
        raise SlipfieldError(f"{path}: det F must stay positive")
    return times, gradients


def run_point_file(
    study: Study,
    euler: Sequence[float],
    size: float,
    k: Sequence[float],
    path: Path,
    output: Path,
    max_step: float | None = None,
) -> None:
    """Drive one point along a path file and write time,S11,S22,S12 (MPa) at the same times.

    Raises
    ------
    SlipfieldError
        If an argument is out of range or not finite, or the path cannot be used.
    """
    if not np.isfinite(euler).all():
        raise SlipfieldError(f"euler: given {tuple(euler)}; expected three finite angles, rad")
    if not 0 < size < np.inf:
        raise SlipfieldError(f"size: given {size}; the grain size D must be positive, mm")
    if not all(0 <= value < np.inf for value in k) or k[1] + k[2] == 0:
        raise SlipfieldError(
            f"parameters: given {tuple(k)}; k1, k2, k3 must be finite and not negative, "
            "and k2 or k3 above 0"
        )
    if max_step is not None and not 0 < max_step < np.inf:
        raise SlipfieldError(f"max-step: given {max_step}; must be positive, s")
    times, gradients = read_path(path)
    stress = run_point(study.material, euler, size, k, times, gradients, max_step)
    names = ("time", "S11", "S22", "S12")
    rows = [dict(zip(names, row, strict=True)) for row in np.column_stack([times, stress]).tolist()]
    write_text(output, csv_text(rows, digits=10))
