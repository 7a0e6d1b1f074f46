"""``python -m tests.faults.debug_logging MODULE arguments…``: the module as ``python -m`` would run it, every logger at DEBUG.

Whatever a program or its libraries would rather keep quiet is written to the error stream.
"""

import logging
import runpy
import sys
from typing import Any

_set_level = logging.Logger.setLevel


def _loud(logger: logging.Logger, _level: Any) -> None:
    _set_level(logger, logging.DEBUG)


def main() -> None:
    logging.Logger.setLevel = _loud  # type: ignore[method-assign]
    logging.basicConfig(level=logging.DEBUG)
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
