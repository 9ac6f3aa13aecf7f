"""The virtual board for tests and programs: a bridge in a process of its own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable

from tools.simulate.events_process import EventsProcess

from .events import sentence
from .settings import DEFAULT_FLASH_SIZE, VirtualBoardError, checked_settings

_TIME_LIMIT_S = 20


class VirtualBoard(EventsProcess):
    """A pretend board; use it with `with`, or call start() and close().

    Args:
        flash: a folder, or a littlefs image; made where it is missing.
        littlefs: make an image where nothing exists yet.
        size: of the flash in bytes, or as text such as "848k".
        heap: bytes a program finds free at boot (None: as `like` says, else 256k).
        like: "pico-w" or "esp32": heap, numbers and limits of that board.
        micropython: the interpreter (None: beside this Python, else on PATH).
        log: called from another thread with one line for each thing that happens.
        link: a name to give the serial port.

    Raises:
        VirtualBoardError: on start, when something does not fit.
    """

    def __init__(
        self,
        flash: str | os.PathLike[str],
        littlefs: bool = False,
        size: str | int = DEFAULT_FLASH_SIZE,
        heap: str | int | None = None,
        like: str | None = None,
        micropython: str | None = None,
        log: Callable[[str], None] | None = None,
        link: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__("The virtual board has ended.", log)
        self._settings = {
            "flash": flash,
            "littlefs": littlefs,
            "size": size,
            "heap": heap,
            "like": like,
            "micropython": micropython,
            "link": link,
        }
        self._pins: dict[str, int] = {}
        self._starts: list[str] = []
        self._done = 0
        self._in_boot_loader = False
        self.portal_address = ""  # "127.0.0.1:PORT", port 80 of the board's own access point
        self.portal_dns = 0  # the port of this PC that is port 53 there

    def start(self) -> None:
        """Power the board on; returns when its serial port is there."""
        settings = checked_settings(**self._settings)
        options = ["--events", "--flash", str(settings.flash)]
        options += ["--size", str(settings.size_bytes), "--heap", str(settings.free_heap_bytes)]
        options += ["--micropython", settings.micropython]
        if settings.littlefs:
            options.append("--littlefs")
        if settings.like:
            options += ["--like", settings.like]
        if settings.link:
            options += ["--link", str(settings.link)]
        self._run(
            __package__,
            *options,
            wait=lambda: self._wait(lambda: self._starts, _TIME_LIMIT_S, "the board to start"),
        )

    # What can be done to it

    def reset(self) -> None:
        """Press the reset button; boot.py and main.py run."""
        self._command("reset")

    def power_cut(self) -> None:
        """Kill the interpreter in the midst of what it does, and power the board on again."""
        self._command("power-cut")

    def wifi(self, up: bool, only: str = "") -> None:
        """Let the Wi-Fi vanish (open connections are cut) or come back, as `only` that network."""
        self._command(f"wifi up {only}" if up else "wifi down")

    def networks(self, *networks: tuple[str, str | None, int, bool]) -> None:
        """Say which networks are in reach: (name, key or None, dBm, hidden) each; none: any."""
        self._command("networks " + json.dumps(networks or None))

    def _command(self, command: str) -> None:
        if self._process is None:
            raise VirtualBoardError("The virtual board is not running: call start() first.")
        before = self._done
        try:
            self._process.stdin.write(command + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise VirtualBoardError(self._error or "The virtual board has ended.") from error
        self._wait(lambda: self._done > before, _TIME_LIMIT_S, f"`{command}`")

    # What can be seen of it

    def pin(self, name: str | int) -> int | None:
        """The last level of an output pin, such as "LED" or 2; None before the first."""
        return self._pins.get(str(name))

    @property
    def starts(self) -> list[str]:
        """Why the board has started, one entry for each start ("power-on", "soft reset" …)."""
        return list(self._starts)

    @property
    def in_boot_loader(self) -> bool:
        """Whether machine.bootloader() was called since the last start."""
        return self._in_boot_loader

    def wait_for(self, text: str, timeout_s: float = 5, since: int = 0) -> int:
        """Wait until the board has printed a text.

        Args:
            text: what to look for in `output`.
            timeout_s: how long.
            since: where in `output` to begin, such as what an earlier call returned.

        Returns:
            the place in `output` behind the text.

        Raises:
            TimeoutError: it did not come; the message ends with what did.
            VirtualBoardError: the board has ended.
        """
        try:
            self._wait(lambda: text in self.output[since:], timeout_s, repr(text))
        except TimeoutError as error:
            raise TimeoutError(f"{error} The board printed: …{self.output[-500:]!r}") from None
        return self.output.index(text, since) + len(text)

    def wait_for_pin(self, name: str | int, value: int, timeout_s: float = 5) -> None:
        """Wait until an output pin has a level.

        Raises:
            TimeoutError: it did not happen.
            VirtualBoardError: the board has ended.
        """
        self._wait(lambda: self.pin(name) == value, timeout_s, f"pin {name} = {value}")

    def wait_for_starts(self, count: int, timeout_s: float = 5) -> None:
        """Wait until the board has started `count` times in all.

        Raises:
            TimeoutError: it did not happen.
            VirtualBoardError: the board has ended.
        """
        self._wait(lambda: len(self._starts) >= count, timeout_s, f"start number {count}")

    def _wait(self, condition: Callable[[], object], timeout_s: float, what: str) -> None:
        limit_s = time.monotonic() + timeout_s
        with self._changed:
            while not condition():
                if self._error:
                    raise VirtualBoardError(self._error)
                if not self._changed.wait(limit_s - time.monotonic()):
                    raise TimeoutError(f"Waited {timeout_s:g} s in vain for {what}.")

    def _note(self, fields: dict) -> list[str]:
        """Keep what an event says; return it in words."""
        event = fields.pop("event")
        if event == "output":
            self._output.append(fields["text"])
        elif event == "pin":
            self._pins[fields["name"]] = fields["value"]
        elif event == "start":
            if fields["cause"] != "soft reset":
                self._pins.clear()
            self._in_boot_loader = False
            self._starts.append(fields["cause"])
        elif event == "bootloader":
            self._in_boot_loader = True
        elif event == "port":
            self.port = fields["path"]
            self.portal_address, self.portal_dns = fields["portal"], fields["dns"]
        elif event == "error":
            self._error = fields["text"]
        elif event == "done":
            self._done += 1
        words = sentence(event, fields)
        return [words] if words else []
