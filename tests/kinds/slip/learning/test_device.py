"""Device, one GPU a process, and what happens to freed memory."""

import os
import subprocess
import sys

import pytest
import torch

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.slip.cnn_lstm.device import choose_device, claim_gpu

pytestmark = pytest.mark.slow

MODULE = "slipfield.kinds.slip.cnn_lstm.device"
CLAIM = f"from {MODULE} import claim_gpu; print(claim_gpu(2, Path(sys.argv[1])))"
HOLD = f"import sys; from pathlib import Path; {CLAIM}; sys.stdout.flush(); sys.stdin.read()"

FAULTS = """
import resource, sys, torch
from slipfield.kinds.slip.cnn_lstm.device import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
torch.set_num_threads(1)
for round in range(20):
    torch.ones(10_000_000)
    if round == 13:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_devices():
    assert choose_device("cpu").type == "cpu"
    if not torch.cuda.is_available():
        assert choose_device("auto").type == "cpu"
        with pytest.raises(SlipfieldError, match="learning.device: given 'cuda'"):
            choose_device("cuda")


def test_processes_side_by_side_get_gpus_of_their_own(tmp_path):
    """Two processes hold both GPUs; a third shares the first; what a dead one held is free."""
    holders = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD, tmp_path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        claimed = [int(holder.stdout.readline()) for holder in holders]
        assert sorted(claimed) == [0, 1]
        assert claim_gpu(2, tmp_path) == claim_gpu(2, tmp_path) == 0
        holders[claimed.index(1)].communicate(timeout=20)
        assert claim_gpu(3, tmp_path) == 1
    finally:
        for holder in holders:
            holder.kill()
            holder.communicate()


def test_users_do_not_share_lock_files(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 4321)
    assert claim_gpu(4, tmp_path) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["slipfield-4321-gpu-0.lock"]


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_freed_memory_is_used_again():
    """Fresh arrays of 40 MB cost page faults every time, hardly any once freed memory is kept."""
    faults = {
        how: int(
            subprocess.run(
                [sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True
            ).stdout
        )
        for how in ("give back", "keep")
    }
    assert faults["keep"] < 100 < 10_000 < faults["give back"]
