"""Files of the PC that are to go onto a board: read, or refused in a sentence."""

from pathlib import Path


class ContentError(ValueError):
    """A file that was asked for cannot go onto a board; the text says why."""


def read(path):
    """Return the bytes of a file. Raises ContentError."""
    try:
        return Path(path).read_bytes()
    except OSError as e:
        raise ContentError(f"{path} cannot be read: {e.strerror}") from None
