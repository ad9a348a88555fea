"""The stopwatch counts what it watches, and leaves the methods as they were."""

import time

import pytest

from slipfield.kinds.slip.bench.stopwatch import Stopwatch


class Worker:
    def sleep(self, seconds):
        time.sleep(seconds)
        return "slept"

    def count(self, number):
        return sum(range(number))

    def fail(self):
        raise ValueError("broken")


def test_sleep_takes_wall_time_and_work_takes_cpu_time():
    watch, worker = Stopwatch(), Worker()
    with watch.watch(Worker, "sleep", "sleep"), watch.watch(Worker, "count", "count"):
        assert worker.sleep(0.05) == "slept"
        assert worker.count(300_000) == 44999850000
    assert watch.wall["sleep"] >= 0.05
    assert watch.cpu["sleep"] < 0.04
    assert watch.cpu["count"] > 1e-4


def test_calls_add_up_until_the_lap_and_only_inside_the_block():
    watch, seen = Stopwatch(), []
    with watch.watch(Worker, "sleep", "sleep", after=seen.append):
        worker = Worker()
        worker.sleep(0.01)
        worker.sleep(0.01)
    worker.sleep(0.01)
    _, wall = watch.lap()
    assert wall["sleep"] >= 0.02
    assert seen == [worker, worker]
    assert watch.lap() == ({}, {})


def test_failing_method_is_counted_and_still_fails():
    watch = Stopwatch()
    with pytest.raises(ValueError, match="broken"), watch.watch(Worker, "fail", "fail"):
        Worker().fail()
    assert "fail" in watch.wall
    assert Worker.fail.__name__ == "fail"
    assert not hasattr(Worker.fail, "__wrapped__")
