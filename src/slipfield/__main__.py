"""Entry point of ``python -m slipfield``."""

from slipfield.cli import main

if __name__ == "__main__":
    main()
