"""CPU and wall seconds spent in chosen methods of the program as it runs."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any


class Stopwatch:
    """Adds up the time of the methods it watches, by name.

    Attributes
    ----------
    cpu, wall : seconds by name; CPU seconds are those of this process.
    """

    def __init__(self) -> None:
        self.cpu: dict[str, float] = defaultdict(float)
        self.wall: dict[str, float] = defaultdict(float)

    @contextmanager
    def watch(
        self, owner: type, method: str, name: str, after: Callable[[Any], None] | None = None
    ) -> Iterator[None]:
        """Time every call of ``owner.method`` inside the block.

        ``after`` is called with the object whose method has just ended.
        """
        function = getattr(owner, method)

        @wraps(function)
        def timed(instance: Any, *arguments: Any, **options: Any) -> Any:
            cpu, wall = time.process_time(), time.perf_counter()
            try:
                return function(instance, *arguments, **options)
            finally:
                self.cpu[name] += time.process_time() - cpu
                self.wall[name] += time.perf_counter() - wall
                if after:
                    after(instance)

        setattr(owner, method, timed)
        try:
            yield
        finally:
            setattr(owner, method, function)

    def lap(self) -> tuple[dict[str, float], dict[str, float]]:
        """CPU and wall seconds by name since the last lap."""
        cpu, wall = dict(self.cpu), dict(self.wall)
        self.cpu.clear()
        self.wall.clear()
        return cpu, wall
