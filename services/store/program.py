"""The number by which the database knows this program: that of the newest migration that it knows."""

from pathlib import Path

PROGRAM = max(
    int(path.name[:4]) for path in Path(__file__).with_name("migrations").glob("versions/[0-9]*.py")
)
