"""The script that runs a verb in the environment it needs."""

from pathlib import Path

LAUNCHER = Path(__file__).parents[3] / "envs" / "run"
