"""The report of a study of composites: one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from slipfield.core.files import write_text
from slipfield.core.reading import read_json, read_table
from slipfield.core.recorded import refuse_others
from slipfield.kinds.composite import figures
from slipfield.kinds.composite.answers import DISTANCE, bounds_text, column, named_boxes
from slipfield.kinds.composite.parameters import PARAMETERS
from slipfield.kinds.composite.samples import read_cells, read_fields
from slipfield.kinds.composite.stale import stale
from slipfield.kinds.composite.study import CompositeStudy
from slipfield.report.page import Card, Picture, Section, Table, picture_of, significant
from slipfield.report.render import render
from slipfield.report.style import save_figure, use_style

HEADINGS = {"em": "Em, GPa", "num": "νm", "ef": "Ef, GPa", "nuf": "νf", "fraction": "f"}


@dataclass(frozen=True)
class Results:
    """What the stages of a study left in its folder."""

    study: CompositeStudy
    folder: Path
    design: dict[str, Any]

    def table(
        self, name: str, maker: str, columns: tuple[str, ...] = (), empty: bool = False
    ) -> pd.DataFrame:
        """A CSV table that the verb ``maker`` writes; ``empty`` if it may have no rows."""
        return read_table(self.folder / name, f"composite {maker}", columns, empty)

    def picture(self, name: str, figure: Figure, title: str, caption: str) -> Picture:
        """Save a figure below ``figures`` and put it on the page."""
        path = self.folder / "figures" / f"{name}.png"
        save_figure(figure, path)
        return picture_of(path, title, caption)


def write_report(study: CompositeStudy, folder: Path, output: Path) -> None:
    """Write the report and its figures.

    Raises
    ------
    SlipfieldError
        If a stage of the study has not run, or a result is damaged or of another study.
    """
    refuse_others(stale(study, folder))
    use_style()
    design = read_json(folder / "boxes" / "design.json", "composite boxes")
    results = Results(study, folder, design)
    makers: list[Callable[[Results], Section]] = [_boxes_section, _front_section]
    makers += [_recheck_section] if study.is_published else []
    makers += [_surrogate_section, _cell_section]
    targets = ", ".join(f"{t.constant} within {t.low:g} and {t.high:g}" for t in study.targets)
    holes = " of holes" if study.cell.void else ""
    page = render(
        heading=f"Study {study.name}",
        summary=f"A unidirectional composite, {study.cell.array} array{holes}: {targets}. Boxes of "
        "phase properties that keep this, each re-checked by the cell itself.",
        cards=_cards(results),
        sections=[make(results) for make in makers],
        physics_hash=study.physics_hash(),
        folder=output.parent,
    )
    write_text(output, page)


def _cards(results: Results) -> list[Card]:
    design = results.design
    named = named_boxes(design)
    missed = sum(box["draws"]["missed"] for box in named.values())
    cards = [
        Card(f"{design['width']:.4f}", "smallest normalised width of the widest box that matches"),
        Card(
            f"{design['largest']['volume'] / design['volume']:.0f} ×",
            "volume of the largest box over the widest one's",
        ),
        Card(
            str(missed),
            f"of {len(named)} × {design['draws']['count']:,} drawn materials miss a target",
        ),
    ]
    if results.study.is_published:
        four = results.table("baselines/table4-composite.csv", "baselines")
        ours = float(four["mean"].iloc[-1])
        cards.insert(2, Card(f"{ours:.4f}", "hypervolume of the front (best published: 0.3032)"))
    return cards


def _ends(ends: list[float]) -> str:
    low, high = (f"{end:.5g}" for end in ends)
    return low if low == high else f"{low} to {high}"


def _boxes_section(results: Results) -> Section:
    design = results.design
    named = named_boxes(design)
    constants = [target.constant for target in results.study.targets]
    rows = []
    for kind, box in named.items():
        exact = [
            f"{box['range'][name][0]:.6f} to {box['range'][name][1]:.6f}" for name in constants
        ]
        drawn = f"{box['draws']['missed']} of {box['draws']['count']}"
        ends = map(_ends, box["box"].values())
        rows.append([kind, *ends, *exact, f"{box['width']:.4f}", drawn])
    header = ["box", *(HEADINGS[name] for name in design["box"])]
    header += [f"exact {name}" for name in constants] + ["width", "missed"]
    proved = design["proved"]
    signs = "; ".join(
        f"{name} in {', '.join(proved[name])}" if proved[name] else f"{name} in none"
        for name in constants
    )
    factor = design.get("tolerances", {}).get("tolerance_factor")
    note = f"The tolerances of the study fit {factor:.3f} times. " if factor else ""
    on = "; ".join(f"{kind}: {bounds_text(box) or 'none'}" for kind, box in named.items())
    return Section(
        "boxes",
        "Boxes that hold",
        [
            "Every material of a box keeps the targets. The widest box has the largest smallest "
            "width over the bounds, the largest one the largest volume, and the box of tolerances "
            "the study's own widths, times a common factor as large as possible. Width is over "
            "that of the bounds: 1 is all of them.",
            f"Ends of boxes that are bounds of the parameters, beyond which they may grow: {on}.",
            f"{note}Derivatives have a proved sign for {signs}; over the other parameters the ends "
            "of the range were searched for with gradients.",
        ],
        [
            results.picture(
                "boxes",
                figures.draw_boxes(design),
                "Ranges of the parameters",
                "Each panel spans the bounds of one parameter; grey is beyond them. A line is a "
                "range without width. Parameters that are given one number are left out.",
            )
        ],
        [Table("Boxes and their exact ranges", rows, header)],
    )


def _front_section(results: Results) -> Section:
    curve = results.table("boxes/front-curve.csv", "boxes", columns=(DISTANCE, "width"))
    boxes = results.table("boxes/front.csv", "boxes", columns=(DISTANCE, "width", "missed"))
    published = results.study.is_published
    beside = _published_front(results) if published else figures.Beside()
    caption = "Red lines lead from what published designs claim to what the exact cell says."
    return Section(
        "front",
        "Wide boxes against near ranges",
        [
            "A box wider than the widest one that matches must miss the target. The front is found "
            "by continuation, each box starting from its narrower neighbour. The distance is the "
            "root of the squared misses of all ends of ranges"
            + (", in GPa." if published else ", each over the width of its target.")
        ],
        [
            results.picture(
                "figure3",
                figures.draw_front(curve, boxes, beside),
                "Front (published figure 3)" if published else "Front",
                caption if published else "Width over distance.",
            )
        ],
        _published_tables(results) if published else [_front_table(results, boxes)],
    )


def _front_table(results: Results, boxes: pd.DataFrame) -> Table:
    """Re-checked boxes of a front: what a wider box costs."""
    constants = [target.constant for target in results.study.targets]
    rows = [
        [f"{row['width']:.4f}", f"{row[DISTANCE]:.4g}"]
        + [f"{row[column(c, 'low')]:.4g} to {row[column(c, 'high')]:.4g}" for c in constants]
        + ["" if pd.isna(row["missed"]) else row["missed"].replace(" ", ", ")]
        for _, row in boxes.iterrows()
    ]
    header = ["width", "distance", *(f"exact {name}" for name in constants), "missed"]
    return Table("Re-checked boxes of the front", rows, header)


def _published_front(results: Results) -> figures.Beside:
    """What stands beside the front of the published study."""
    return figures.Beside(
        results.study.targets[0].constant,
        results.table("baselines/evolved.csv", "baselines", empty=True),  # runs may find none
        results.table("tables/recheck-composite.csv", "paper"),
    )


def _published_tables(results: Results) -> list[Table]:
    """Hypervolumes and weighted sums beside the published ones."""
    four = results.table("baselines/table4-composite.csv", "baselines")
    rows = [
        [row["front"], str(row["runs"])]
        + ["" if pd.isna(row[key]) else f"{row[key]:.4f}" for key in ("mean", "sd", "largest")]
        for _, row in four.iterrows()
    ]
    two = results.table("tables/table2-composite.csv", "paper")
    ours = results.table("baselines/sums.csv", "baselines")
    sums = [
        [f"{row['variant']}: {row['on_distance']:g} distance - {row['on_width']:g} width"]
        + [f"{value:.5f}" for value in (row["printed"], row["exact"], own)]
        for (_, row), own in zip(two.iterrows(), ours["front"], strict=True)
    ]
    return [
        Table("Raw hypervolumes", rows, ["front", "runs", "mean", "sd", "best"]),
        Table(
            "Weighted sums (published table 2): smaller is better",
            sums,
            ["sum", "published", "the same by the exact cell", "front"],
        ),
    ]


def _recheck_section(results: Results) -> Section:
    table = results.table("tables/recheck-composite.csv", "paper")
    rows = [
        [
            f"{row['table']}, {row['row']}",
            str(row["kind"]),
            f"{row['claimed_low_GPa']:.3f} to {row['claimed_high_GPa']:.3f}",
            f"{row['exact_low_GPa']:.3f} to {row['exact_high_GPa']:.3f}",
            f"{row['claimed_distance_GPa']:.4f}",
            f"{row['exact_distance_GPa']:.3f}",
        ]
        for _, row in table.iterrows()
    ]
    first = results.table("tables/table1-quality.csv", "paper")
    quality = [
        [
            row["quantity"],
            *("" if pd.isna(row[k]) else f"{row[k]:.5g}" for k in ("published", "ours")),
        ]
        for _, row in first.iterrows()
    ]
    return Section(
        "recheck",
        "The published designs, re-checked",
        [
            "The published study designs on a quadratic surface. Its 28 designs follow from its "
            "printed coefficients once their order and one sign are repaired; by the exact cell, "
            "none of those that claim to match the target does."
        ],
        [
            results.picture(
                "recheck",
                figures.draw_recheck(table, (15.2, 16.8)),
                "Claimed and exact ranges",
                "Ranges of C22 over the published boxes.",
            )
        ],
        [
            Table(
                "Quadratic surface of C22 (published table 1)", quality, ["", "published", "ours"]
            ),
            Table(
                "All printed designs, GPa",
                rows,
                ["table, row", "kind", "claimed C22", "exact C22", "claimed distance", "exact"],
                text_columns=2,
            ),
        ],
    )


def _surrogate_section(results: Results) -> Section:
    reduced = results.table("reduced.csv", "surrogate")
    fitted = results.table("baselines/fitted.csv", "baselines")
    rows = [
        [row["surrogate"], str(row["solves"])]
        + [f"{row[key]:.1e}" for key in ("inside_rms", "inside_max", "corners_max")]
        for _, row in pd.concat([reduced, fitted]).iterrows()
    ]
    count = results.study.surrogate.test_points
    return Section(
        "surrogates",
        "Surrogates",
        [
            f"Relative errors on {count} Sobol points and at all corners of the bounds. The "
            "reduced basis minimises the energy over combinations of solved cells, so that its "
            "C11, C22, C44 and C55 are upper bounds. The others were fitted to the central "
            "composite design, of which the corners are part. Filled marks: inside; open ones: "
            "the worst corner."
        ],
        [
            results.picture(
                "surrogates",
                figures.draw_surrogates(reduced, fitted),
                "Error over cost",
                "Largest relative error of C22.",
            )
        ],
        [
            Table(
                "Errors of surrogates",
                rows,
                ["surrogate", "cells", "rms inside", "largest inside", "largest at corners"],
            )
        ],
    )


def _cell_section(results: Results) -> Section:
    data = read_cells(results.folder / "cells.nc")
    fields = read_fields(results.folder / "fields.nc")
    middle = dict(zip(PARAMETERS, fields["parameters"].values, strict=True))
    point = ", ".join(f"{name} {significant(middle[name])}" for name in results.design["box"])
    constants = data["constants"].values
    rows = [
        [str(name), *(significant(value, 4) for value in (column.min(), column.max()))]
        for name, column in zip(data["constant"].values, constants.T, strict=True)
    ]
    return Section(
        "cell",
        "The cell",
        [
            f"{len(constants)} cells of degree {results.study.cell.degree} were solved: central "
            f"composite design and Sobol points. The pictures show the cell at {point}."
        ],
        [
            results.picture(
                "cell",
                figures.draw_fields(fields),
                "Stresses in the cell",
                "For unit macroscopic strains; the white line is the fibre.",
            )
        ],
        [Table("Constants of the solved cells, GPa", rows, ["constant", "smallest", "largest"])],
    )
