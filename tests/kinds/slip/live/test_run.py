"""Whole live inversions, on a closed formula that is started as a command like the solver."""

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.inversion.verbs import app
from slipfield.kinds.slip.live import run
from slipfield.kinds.slip.live.arrivals import SETTLED_S
from slipfield.kinds.slip.live.record import summary_lines
from slipfield.kinds.slip.live.run import agreement, invert_live
from slipfield.kinds.slip.study import PARAMETERS
from tests.kinds.slip.measure.conftest import TRUTH

pytestmark = pytest.mark.slow


def values(estimate, what="value"):
    return np.array([estimate[name][what] for name in PARAMETERS])


def arrive(laboratory, folder, pause):
    """Write the files of a test one after the other, each in halves; the last load comes late."""
    table = (laboratory / "load.csv").read_bytes().splitlines(keepends=True)
    with open(folder / "load.csv", "wb") as load:
        load.write(table[0] + table[1])
        for number, path in enumerate(sorted((laboratory / "dic").glob("*.csv"))):
            if not (folder / path.name).exists():
                half, whole = path.stat().st_size // 3, path.read_bytes()
                with open(folder / path.name, "wb") as file:
                    file.write(whole[:half])
                    file.flush()
                    time.sleep(pause)
                    file.write(whole[half:])
            line = table[number + 2]
            if line == table[-1]:
                time.sleep(SETTLED_S + 5 * pause)
            load.write(line)
            load.flush()
    time.sleep(pause)


def ended_after_a_frame(begun, projection, folder, by):
    """Begin a live inversion as users do, end it by a signal, and tell what it said.

    What a shell runs in the background, as `make test` does, ignores Ctrl-C if nobody says else.
    """
    verb = ["invert", begun, "--live", folder, "--model", projection, "--output", folder / "out"]
    command = [sys.executable, "-m", "slipfield", *map(str, verb), "--membrane"]
    table, began = folder / "out" / "live.csv", time.time_ns()
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed) as process:
        until = time.monotonic() + 120
        while not table.exists() or table.stat().st_mtime_ns < began:
            assert process.poll() is None and time.monotonic() < until, "it waits for more frames"
            time.sleep(0.05)
        process.send_signal(by)
        try:
            said = process.communicate(timeout=30)[1]
        except subprocess.TimeoutExpired:  # Python drops a Ctrl-C that comes within a callback
            process.send_signal(by)
            said = process.communicate(timeout=60)[1]
    assert not (folder / "out" / "live.json").exists()
    assert len(pd.read_csv(table)) == 1
    return said


def forward_runs(folder):
    return {path: path.stat().st_mtime_ns for path in (folder / "out/work").glob("run-*.nc")}


@pytest.fixture(scope="module")
def finished(laboratory, begun, projection, tmp_path_factory):
    """Folder and summary of a live inversion that was interrupted, killed, and begun again.

    Frames arrived then. And the forward runs that the first one had made.
    """
    folder = tmp_path_factory.mktemp("live")
    shutil.copy2(sorted((laboratory / "dic").glob("*.csv"))[0], folder)
    said = ended_after_a_frame(begun, projection, folder, signal.SIGINT)
    assert "live.csv has the estimates so far" in said and "the same command again" in said
    runs = forward_runs(folder)
    ended_after_a_frame(begun, projection, folder, signal.SIGKILL)
    writer = threading.Thread(target=arrive, args=(laboratory, folder, 0.4))
    writer.start()
    content = invert_live(
        begun, folder, [projection], folder / "out", percent=50.0, idle=20.0, membrane=True
    )
    writer.join()
    return folder, content, runs


def test_a_killed_one_goes_on_with_its_forward_run(finished):
    folder, _, runs = finished
    assert len(runs) == 1 and forward_runs(folder) == runs


def test_it_ends_where_the_batch_inversion_ends(finished):
    folder, content, _ = finished
    assert max(content["live_against_batch_ln_k"].values()) < 1e-6
    np.testing.assert_allclose(
        values(content["final"]), values(content["batch"]["projection"]), rtol=1e-6
    )
    assert np.abs(values(content["final"]) / TRUTH - 1).max() < 0.1
    assert (folder / "out/result/report.html").exists()
    assert (folder / "out/live.png").stat().st_size > 10_000


def test_each_frame_narrows_the_estimate(finished):
    folder, content, _ = finished
    rows = pd.read_csv(folder / "out/live.csv")
    assert rows["frame"].tolist() == list(range(len(rows))) and not content["notes"]
    told = rows.dropna(subset="k1_value")
    width = np.log(told["k1_high"] / told["k1_low"]).to_numpy()
    assert width[-1] < width[0]
    last = told.iloc[-1]
    live = np.array([last[f"{name}_value"] for name in PARAMETERS])
    np.testing.assert_allclose(live, values(content["final"]), rtol=0.02)
    assert content["enough"]["says"].startswith("enough: stop")
    assert told["cpu_seconds"].max() == pytest.approx(
        content["cpu_seconds_per_frame"]["largest"], abs=1e-4
    )
    assert (rows["reading_cpu_seconds"] <= rows["cpu_seconds"]).all()


def test_a_finished_test_is_not_begun_again(finished, begun, projection):
    folder, *_ = finished
    with pytest.raises(SlipfieldError, match="the test is finished"):
        invert_live(begun, folder, [projection], folder / "out", idle=0.0)


def test_a_test_that_was_stopped_early_says_what_it_knows(laboratory, begun, projection, tmp_path):
    files = sorted((laboratory / "dic").glob("*.csv"))
    for path in files[:2]:
        shutil.copy2(path, tmp_path)
    whole = (laboratory / "load.csv").read_text()
    (tmp_path / "load.csv").write_text("".join(whole.splitlines(keepends=True)[:3]) + "50,31")
    with pytest.raises(SlipfieldError, match="start again with the same output"):
        invert_live(begun, tmp_path, [projection], tmp_path / "out", idle=0.0, membrane=True)
    (tmp_path / "load.csv").write_text(whole)
    content = invert_live(begun, tmp_path, [projection], tmp_path / "out", idle=0.0, membrane=True)
    assert not content["notes"]
    assert max(content["live_against_batch_ln_k"].values()) < 1e-6
    notes = json.loads((tmp_path / "out/result/inversion.json").read_text())["notes"]
    assert any("of its 4 outputs are missing" in note for note in notes)
    low, high = values(content["final"], "low"), values(content["final"], "high")
    assert np.all((low < TRUTH) & (TRUTH < high))


def test_strange_files_and_a_missing_frame_end_nothing(laboratory, begun, projection, tmp_path):
    files = sorted((laboratory / "dic").glob("*.csv"))
    for path in (files[0], files[1], files[3], laboratory / "load.csv"):
        shutil.copy2(path, tmp_path)
    shutil.copy2(files[1], tmp_path / "frame_002 (1).csv")
    (tmp_path / "camera_log.csv").write_text("image,shutter_ms\n1,2\n")
    with open(tmp_path / "load.csv", "a") as table:
        table.write("125")
    content = invert_live(begun, tmp_path, [projection], tmp_path / "out", idle=0.0, membrane=True)
    assert sorted(content["notes"]) == [
        f"1 frame before {files[3].name} missing",
        "camera_log.csv was left out: its name is not like that of frame_001.csv",
        "frame_002 (1).csv was left out: its name is not like that of frame_001.csv",
        "load.csv: its last line is not whole, and was left out",
    ]
    assert max(content["live_against_batch_ln_k"].values()) < 1e-6
    assert np.abs(values(content["final"]) / TRUTH - 1).max() < 0.1
    times = pd.read_csv(tmp_path / "out/live.csv")["time_s"]
    assert times.tolist() == [25.0, 50.0, 100.0]


def test_without_its_load_table_it_ends_where_the_batch_inversion_ends(
    laboratory, begun, projection, tmp_path
):
    for path in (laboratory / "dic").glob("*.csv"):
        shutil.copy2(path, tmp_path)
    content = invert_live(begun, tmp_path, [projection], tmp_path / "out", idle=0.0, membrane=True)
    assert max(content["live_against_batch_ln_k"].values()) < 1e-6
    (note,) = content["notes"]
    assert "no frame has a load" in note
    lines = summary_lines(content)
    assert note in lines and any(line.endswith("agree to 1e-06 in ln k") for line in lines)
    assert lines[-1] == f"verdict: {content['verdict']}" and lines[-2].startswith("k3: ")
    assert any("not told: its 95 % interval is as wide" in line for line in lines)


def test_a_difference_to_the_batch_inversion_is_said():
    text = agreement(np.array([0.0, 0.037, 1e-9]), Path("out/specimen.nc"))
    assert "differ by 0.037 in ln k2" in text and "Trust the batch inversion" in text


def test_a_frame_that_stays_empty_is_named(laboratory, begun, projection, tmp_path):
    files = sorted((laboratory / "dic").glob("*.csv"))
    for path in (*files, laboratory / "load.csv"):
        shutil.copy2(path, tmp_path)
    (tmp_path / files[2].name).write_text("")
    content = invert_live(begun, tmp_path, [projection], tmp_path / "out", idle=0.0, membrane=True)
    assert content["notes"] == [f"{files[2].name} was left out: is empty"]
    assert max(content["live_against_batch_ln_k"].values()) < 1e-6
    assert content["frames"] == len(files) - 1


def test_it_refuses_what_does_not_fit(begun, projection, tmp_path):
    with pytest.raises(SlipfieldError, match="is no folder"):
        invert_live(begun, tmp_path / "none", [projection], tmp_path / "a", idle=0.0)
    with pytest.raises(SlipfieldError, match=r"frame_001.csv: not there"):
        invert_live(begun, tmp_path, [projection], tmp_path / "a", idle=0.0)
    with pytest.raises(SlipfieldError, match="expected numbers above 0"):
        invert_live(begun, tmp_path, [projection], tmp_path / "a", percent=-1.0)
    with pytest.raises(SlipfieldError, match="is the folder that files arrive in"):
        invert_live(begun, tmp_path, [projection], tmp_path / "." / "", idle=0.0)
    assert not (tmp_path / "a").exists()


def test_the_specimen_that_it_begins_with_is_kept(begun, projection, tmp_path):
    own = tmp_path / "out" / "specimen.nc"
    own.parent.mkdir()
    shutil.copy2(begun, own)
    with pytest.raises(SlipfieldError, match=f"take the place of {own}"):
        invert_live(own, tmp_path, [projection], own.parent, idle=0.0)
    assert own.read_bytes() == begun.read_bytes()


def test_ended_by_hand_at_its_end_it_says_how_to_go_on_and_does(
    laboratory, begun, projection, tmp_path, monkeypatch, finished
):
    """So it ends where the one ends that nobody ended: at the batch inversion's estimate."""
    for path in (*(laboratory / "dic").glob("*.csv"), laboratory / "load.csv"):
        shutil.copy2(path, tmp_path)
    out, options = tmp_path / "out", {"idle": 0.0, "membrane": True}

    def ended(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(SlipfieldError, match="to go on with the"):
        patch.setattr(run, "invert", ended)
        invert_live(begun, tmp_path, [projection], out, **options)
    assert not (out / "live.json").exists()
    content = invert_live(begun, tmp_path, [projection], out, **options)
    np.testing.assert_allclose(
        values(content["final"]), values(finished[1]["batch"]["projection"]), rtol=1e-6
    )


def in_german(text):
    return text.replace(",", ";").replace(".", ",")


def in_dos(text):
    """With a mark of its encoding, ends of lines of Windows, and empty lines at its end."""
    return ("\ufeff" + text + "\n;;\n\n").replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("frame", "table"),
    [
        (in_german, lambda text: in_dos(in_german(text)).encode()),
        (in_dos, lambda text: in_german(text).replace(";", "\t").encode("utf-16")),
    ],
    ids=["semicolons", "tabs"],
)
def test_however_its_tables_are_written_it_ends_where_the_batch_inversion_ends(
    laboratory, begun, projection, tmp_path, finished, frame, table
):
    for path in (laboratory / "dic").glob("*.csv"):
        (tmp_path / path.name).write_bytes(frame(path.read_text()).encode())
    (tmp_path / "load.csv").write_bytes(table((laboratory / "load.csv").read_text()))
    out = tmp_path / "out"
    content = invert_live(begun, tmp_path, [projection], out, idle=0.0, membrane=True)
    assert not content["notes"]
    np.testing.assert_allclose(
        values(content["final"]), values(finished[1]["batch"]["projection"]), rtol=1e-6
    )


def test_options_of_the_refinement_reach_it(laboratory, begun, projection, tmp_path, monkeypatch):
    for path in (*(laboratory / "dic").glob("*.csv"), laboratory / "load.csv"):
        shutil.copy2(path, tmp_path)
    given = {}

    def inversion(specimen, models, output, solves, **options):
        given.update(options, solves=solves)
        raise SlipfieldError("seen")

    monkeypatch.setattr(run, "invert", inversion)
    options = ["--refine", "3", "--no-finer", "--no-register", "--idle", "0", "--membrane"]
    words = [begun, "--live", tmp_path, "--model", projection, "--output", tmp_path / "out"]
    with pytest.raises(SlipfieldError, match="seen"):
        app([*map(str, words), *options], standalone_mode=False)
    assert (given["solves"], given["finer"], given["register"]) == (3, False, False)
