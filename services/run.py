"""``python -m services.run``: the whole installation on one machine (``services.entrypoints.run``)."""

import sys

from services.entrypoints.run import main

if __name__ == "__main__":
    sys.exit(main())
