"""The emulated Pico for tests and programs: the emulator in a process of its own."""

import os
import time
from collections.abc import Callable, Iterable

from tools.simulate.events_process import EventsProcess

from . import image as images

BOOT_LIMIT_S = 180


class EmulatorError(RuntimeError):
    """The emulator does not run; the text says why."""


class EmulatedPico(EventsProcess):
    """A Pico or Pico W that boots a real image; use it with `with`, or call start() and close().

    Its time goes some twenty times slower than this machine's.

    Args:
        image: a MicroPython .uf2.
        ports: the ports of 127.0.0.1 that the board reaches, at 10.0.0.1; it reaches nothing else.
        names: the host names that lead the board there.
        log: called from another thread with a line for each thing that happens.

    Raises:
        ImageError: at once, when the image is none that can be emulated.
        EmulatorError: on start, when the emulator does not boot it.
    """

    def __init__(
        self,
        image: str | os.PathLike[str],
        ports: Iterable[int] = (),
        names: Iterable[str] = (),
        log: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__("the emulator has ended", log)
        self.image = images.check(image)
        self._options = [f"--port={port}" for port in ports] + [f"--name={name}" for name in names]
        self._line = ""
        self.show_console = False
        self.led: int | None = None
        self.refused: list[str] = []

    def start(self) -> None:
        """Power the board on; returns when its serial port is there."""
        self._run(
            __package__,
            str(self.image.path),
            *self._options,
            wait=lambda: self.wait_until("the board to boot", lambda: self.port, BOOT_LIMIT_S),
        )

    def nudge(self) -> None:
        """Press Enter at the serial port.

        After a reset the board keeps back what it printed until it is spoken to. A program that
        reads no input does not notice.
        """
        port = os.open(self.port, os.O_RDWR | os.O_NOCTTY)
        try:
            os.write(port, b"\r")
        finally:
            os.close(port)

    def wait_until(self, what: str, condition: Callable[[], object], timeout_s: float) -> None:
        """Wait until something is so, looked at whenever the board has done something, or 0.2 s.

        Raises:
            TimeoutError: it did not happen; the text ends with what the board printed.
            EmulatorError: the emulator has ended.
        """
        limit_s = time.monotonic() + timeout_s
        while not condition():
            if self._error:
                raise EmulatorError(self._error)
            left_s = limit_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError(
                    f"Waited {timeout_s:.0f} s in vain for {what}. "
                    f"The board printed: …{self.output[-800:]}"
                )
            with self._changed:
                self._changed.wait(min(left_s, 0.2))

    def _note(self, event: dict) -> list[str]:
        """Keep what an event says; return it in words."""
        kind = event["event"]
        if kind == "console":
            self._output.append(event["text"])
            *lines, self._line = (self._line + event["text"]).split("\n")
            return [line.rstrip("\r") for line in lines] if self.show_console else []
        if kind == "led":
            self.led = event["level"]
            return [f"LED {'on' if self.led else 'off'}"]
        if kind == "refused":
            self.refused.append(event["what"])
            return [event["what"]]
        if kind == "port":
            self.port = event["path"]
        elif kind == "error":
            self._error = event["text"]
        return []
