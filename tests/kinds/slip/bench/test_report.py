"""The ratios of the summary and the printed tables, on made-up measurements."""

import copy
import io
from dataclasses import asdict

import pytest
from rich.console import Console

from slipfield.kinds.slip.bench.report import print_results, summarise

PHASES = {
    "kernel": 1.0,
    "assembly": 0.5,
    "factorisation": 2.0,
    "solve": 0.25,
    "output": 0.125,
    "other": 0.125,
}
SAMPLE = {
    "cells": 200,
    "cpu_seconds": 4.0,
    "phases": PHASES,
    "set_up_seconds": 0.3,
    "writing_seconds": 0.2,
    "steps": 38,
    "factorisations": 20,
    "evaluations": 79,
    "kernel_microseconds": 0.125,
    "peak_memory_mb": 640.0,
}
RESULTS = {
    "machine": {
        "processor": "abacus",
        "cores": 2,
        "memory_gb": 8.0,
        "load_average": [1.5, 1.0, 0.5],
        "busy": True,
    },
    "solver": {
        "samples": [SAMPLE],
        "variants": {
            "cells": 100,
            "factor_age": {
                "1": {"cpu_seconds": 5.0},
                "2": {"cpu_seconds": 4.0},
                "3": {"cpu_seconds": 3.0},
            },
            "sensitivities": {"cpu_seconds": 6.0, "cpu_seconds_without": 4.0},
        },
    },
    "builds": {
        "cells": 100,
        "native": {"cpu_seconds": 2.0, "kernel_microseconds": 0.1},
        "portable": {"cpu_seconds": 3.0, "kernel_microseconds": 0.4},
        "one_lane": {"cpu_seconds": 4.0, "kernel_microseconds": 0.8},
    },
    "cores": {
        "fan_out": {"cells": 200, "speed_up": 1.95},
        "ranks": {"cells": 200, "speed_up": 1.5},
    },
    "peer": {
        "remark": "another law",
        "runs": [
            {"cells": 50, "calculix": {"cpu_seconds": 21.0}, "slipfield": {"cpu_seconds": 0.5}}
        ],
    },
    "learning": {
        "nodes": 49,
        "samples_per_cpu_second": {
            "training": 50.0,
            "plain_loop": 20.0,
            "training_bfloat16": 60.0,
            "loader_memory": 900.0,
            "loader_mapped": 80.0,
        },
        "peak_memory_mb": 700.0,
    },
}
EXPECTED = {
    "200^2: CPU time, one sample": (4.0, None),
    "200^2: factorisations": (20, True),
    "200^2: peak memory": (640, False),
    "200^2: point law": (0.125, True),
    "100^2: CPU time, factor age 2 over 1": (0.8, None),
    "100^2: CPU time, factor age 3 over 1": (0.6, None),
    "100^2: extra CPU time of sensitivities": (50, True),
    "100^2: point law, one lane": (0.8, True),
    "100^2: point law, portable build": (0.4, None),
    "100^2: CPU time, portable build over native": (1.5, None),
    "200^2: speed-up, two samples side by side": (1.95, True),
    "200^2: speed-up, two MPI ranks": (1.5, None),
    "50^2: CPU time, CalculiX over Slipfield": (42, False),
    "49^2 nodes: training": (50, None),
    "49^2 nodes: training over a plain loop": (2.5, True),
    "49^2 nodes: training in bfloat16 over a plain loop": (3.0, None),
    "49^2 nodes: loader over training": (1.6, False),
    "49^2 nodes: training, peak memory": (700, None),
}


def printed(results):
    results = {**results, "summary": [asdict(line) for line in summarise(results)]}
    console = Console(width=100, file=io.StringIO())
    print_results(results, console)
    return console.file.getvalue()


def test_ratios_and_their_aims():
    found = {line.name: (line.value, line.met) for line in summarise(RESULTS)}
    assert found.keys() == EXPECTED.keys()
    for name, (value, met) in EXPECTED.items():
        assert found[name][0] == pytest.approx(value), name
        assert found[name][1] is met, name


def test_tables_show_phases_aims_and_the_busy_machine():
    text = printed(RESULTS)
    rows = {line.split("│")[1].strip(): line for line in text.splitlines() if "│" in line}
    assert "2.000" in rows["factorisation"]
    assert "0.640" not in rows["peak memory, MB"]
    assert "640" in rows["peak memory, MB"]
    assert [part.strip() for part in rows["200^2: peak memory"].split("│")[2:5]] == [
        "640 MB",
        "<= 600",
        "no",
    ]
    assert "abacus, 2 cores" in text
    assert "busy" in text
    assert "another law" in text


def test_parts_that_were_not_measured_are_left_out():
    results = {key: RESULTS[key] for key in ("machine", "learning")}
    assert {line.name for line in summarise(results)} == {
        name for name in EXPECTED if name.startswith("49^2 nodes")
    }
    assert "CPU seconds, by phase" not in printed(results)


def test_missing_peer_is_said():
    results = copy.deepcopy(RESULTS)
    results["peer"] = {"skipped": "skipped: no `ccx` on PATH"}
    assert "no `ccx` on PATH" in printed(results)
    assert not any("CalculiX" in line.name for line in summarise(results))
