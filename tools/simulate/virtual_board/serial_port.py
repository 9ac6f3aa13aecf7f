"""The serial port that mpremote opens: the outer pseudo-terminal, as patient as a board's USB."""

from __future__ import annotations

import os
import pty
import re
import termios
import time
import tty
from pathlib import Path

# As TinyUSB on the rp2 port: a host that takes nothing for this long loses the output.
STALL_S = 0.5
_ENOUGH_BYTES = 32768

# The first byte of mpremote's answers for "mount": what follows is binary.
_MOUNT_COMMAND = b"\x18"


class SerialPort:
    """A pseudo-terminal whose other end is open all the time, so that clients come and go."""

    def __init__(self, link: Path | None) -> None:
        self.fd, self._other_end = pty.openpty()
        tty.setraw(self._other_end)
        os.set_blocking(self.fd, False)
        self.path = os.ttyname(self._other_end)
        self._link = link
        self._queue = b""
        self._progress_s = 0.0
        self._heard = True
        self.restart_text()
        if link:
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(self.path)

    def close(self) -> None:
        """Close both ends and take the link away if it is still ours."""
        os.close(self.fd)
        os.close(self._other_end)
        if self._link and self._link.is_symlink() and os.readlink(self._link) == self.path:
            self._link.unlink()

    def restart_text(self) -> None:
        """Treat output as text again, after a reset."""
        self._binary = False
        self._after_return = False

    def receive(self) -> bytes:
        """Return what a client has sent."""
        try:
            data = os.read(self.fd, 4096)
        except OSError:
            return b""
        self._heard = True
        return data

    def send(self, data: bytes) -> None:
        """Send output of the board, with line ends as a board sends them."""
        if not self._queue:
            self._progress_s = time.monotonic()
        self._queue += self._with_line_ends(data)
        self.flush()
        if self._queue and not self._heard:
            self._drop()

    def _with_line_ends(self, data: bytes) -> bytes:
        """Turn \\n into \\r\\n, except in the binary traffic of `mpremote mount`."""
        if self._binary or not data:
            return data
        text, command, rest = data.partition(_MOUNT_COMMAND)
        self._binary = bool(command)
        start = b"\r" if self._after_return else b""
        self._after_return = text.endswith(b"\r")
        converted = re.sub(rb"(?<!\r)\n", b"\r\n", start + text)[len(start) :]
        return converted + command + rest

    def flush(self) -> None:
        """Send as much as finds room."""
        try:
            while self._queue:
                self._queue = self._queue[os.write(self.fd, self._queue) :]
                self._progress_s = time.monotonic()
        except OSError:
            pass

    @property
    def waiting(self) -> bool:
        """Whether output waits for room."""
        return bool(self._queue)

    @property
    def congested(self) -> bool:
        """Whether so much output waits that the board has to wait too."""
        return len(self._queue) > _ENOUGH_BYTES

    def drop_if_stalled(self) -> None:
        """Drop the output when nobody has read for STALL_S; then at once, until a client writes."""
        if self._queue and time.monotonic() - self._progress_s > STALL_S:
            self._heard = False
            self._drop()

    def _drop(self) -> None:
        self._queue = b""
        termios.tcflush(self._other_end, termios.TCIFLUSH)
