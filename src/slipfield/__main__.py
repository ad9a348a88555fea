"""Entry point of ``python -m slipfield``."""

import resource
import sys

LEAST_ADDRESS_SPACE_MB = 1000
"""Below this the libraries do not load, or wait for ever for memory that they do not get."""


def start() -> None:
    """Run the command line; say so where ``ulimit -v`` leaves too little for the libraries."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    limited = limit != resource.RLIM_INFINITY
    if limited and limit < LEAST_ADDRESS_SPACE_MB * 2**20:
        fail(limit, f"at least {LEAST_ADDRESS_SPACE_MB} MB")
    try:
        from slipfield.cli import main

        main()
    except (ImportError, MemoryError):
        if not limited:
            raise
        fail(limit, "more")


def fail(limit: int, needed: str) -> None:
    """End with a line about the address space."""
    print(
        f"slipfield: error: memory: the address space of this process is limited to "
        f"{limit / 2**20:.0f} MB (ulimit -v), it needs {needed}; raise or remove the limit",
        file=sys.stderr,
    )
    sys.exit(2)


if __name__ == "__main__":
    start()
