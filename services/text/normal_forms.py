"""Unicode's normal forms in a time that grows with the text.

To put combining characters in order takes Python a time that grows with the square of their number in one run:
forty thousand of them five seconds. No language writes thirty on one letter (Unicode's Stream-Safe Text Format, UAX 15,
section 13): of a longer run each thirty are put in order by themselves.
"""

import re
import unicodedata
from functools import cache
from itertools import pairwise
from typing import Literal


@cache
def _run() -> re.Pattern[str]:
    """Thirty combining characters. Beyond the basic plane all between the first and the last that combine: a cut too many
    changes no text of a person's."""
    combining = "".join(map(chr, filter(lambda code: unicodedata.combining(chr(code)), range(0x10000))))
    return re.compile(f"[{combining}\U000101fd-\U0001e94a]{{30}}")


def normalised(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """As ``unicodedata.normalize``."""
    if text.isascii():
        return text
    ends = [run.end() for run in _run().finditer(text)]
    return "".join(unicodedata.normalize(form, text[a:b]) for a, b in pairwise((0, *ends, len(text))))
