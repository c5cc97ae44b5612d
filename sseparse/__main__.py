"""``python -m sseparse`` is the ``sseparse`` command."""

from sseparse.cli import main

if __name__ == "__main__":
    main()
