"""The shared page: its figures, and a kind's own section."""

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg

from slipfield.kinds.beam.kind import KIND
from slipfield.spine.outputs import Output
from slipfield.spine.report import figure_predictions


def labels_of(outputs):
    """Labels of the panels, and where they lie on the picture: pixels from left and below."""
    table = {
        f"{each.name}_{what}": np.arange(3.0) for each in outputs for what in ("true", "predicted")
    }
    figure = figure_predictions(pd.DataFrame(table), KIND, "quadratic", outputs)
    FigureCanvasAgg(figure).draw()
    labels = [axes.xaxis.label for axes in figure.axes]
    boxes = [label.get_window_extent() for label in labels]
    assert all(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
    return [label.get_text() for label in labels], boxes


def test_long_meanings_do_not_run_into_the_next_panel():
    meaning = "largest displacement over the static one, less one, as it was recorded"
    texts, boxes = labels_of((Output("a", "1", meaning), Output("b_s", "s", meaning)))
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert [text.replace("\n", " ") for text in texts] == [
        f"simulated {meaning}",
        f"simulated {meaning} (s)",
    ]
