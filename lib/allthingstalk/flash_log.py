"""A log on flash, for boards that nobody looks at: what the client reports, bounded in size.

    from allthingstalk.flash_log import keep

    client = settings.client()
    keep(client)

`make log` fetches it. Lines go to whatever `client.log` was before as well.
"""

import os

from micropython import const

from .overlay import Overlay

PATH = "/log.txt"
_OLD = ".old"
_HOUR_S = const(3600)
_LINES = const(60)  # of an hour: a board that is away for months does not wear out its flash


def keep(client, path=PATH, size=4096):
    """Have the reports of a client written to a file, each with its time.

    - `path`: the file. When it is full it becomes path + '.old', and that one goes.
    - `size`: bytes of each of the two.

    At most 60 lines of an hour are written, then how many were not. The token is in none. Raises
    ValueError for a size below 256.
    """
    if size < 256:
        raise ValueError("a log of %d bytes holds nothing; 256 is the least" % size)
    client.log = _Log(client, path, size)


class _Log:
    def __init__(self, client, path, size):
        self._client = client
        self._below = client.log
        self._path = path
        self._size = size
        self._hour = 0  # since the client's start
        self._lines = self._skipped = 0  # of this hour

    def __call__(self, text):
        if self._below:
            self._below(text)
        second = getattr(self._client, "second", 0)
        if second // _HOUR_S != self._hour:
            self._hour, self._lines = second // _HOUR_S, 0
            if self._skipped:
                skipped, self._skipped = self._skipped, 0
                self._write("%d lines more of the hour before were not written" % skipped, second)
        self._lines += 1
        if self._lines > _LINES:
            self._skipped += 1
        else:
            self._write(text, second)

    def _write(self, text, second):
        with Overlay("timestamps"):
            from .timestamps import iso, now_ms

            now = now_ms()
            at = iso(now // 1000 * 1000) if now else "+%d s" % second
        text = text.replace(self._client.token, "***").replace("\n", " ")
        line = (
            "%s %s\n" % (at, text[: (self._size - 24) // 4])
        ).encode()  # of four bytes a character
        try:
            try:
                full = os.stat(self._path)[6] + len(line) > self._size
            except OSError:  # not there yet
                full = False
            if full:
                try:
                    os.remove(self._path + _OLD)
                except OSError:
                    pass
                os.rename(self._path, self._path + _OLD)
            with open(self._path, "ab") as f:
                f.write(line)
        except OSError:  # a full flash: the board goes on
            pass
