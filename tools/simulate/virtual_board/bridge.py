"""The bridge between the serial port and the interpreter: it says and does what a chip would.

The Unix port ends at Ctrl-D; here that becomes "MPY: soft reboot", boot.py, main.py (not from the
raw REPL) and the prompt. Resets, watchdog and deep sleep start the interpreter anew as well.
"""

from __future__ import annotations

import codecs
import fcntl
import json
import os
import select
import shutil
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from .board_input import BoardInput
from .connections import cut_connections
from .interpreter import Interpreter
from .output_parser import RAW_BANNER, OutputParser, ReplMode, last_words
from .probe import heap_for_free_bytes
from .serial_port import STALL_S, SerialPort
from .settings import Settings, VirtualBoardError

# machine.reset_cause() of the esp32 port.
CAUSES = {"power-on": 1, "reset": 2, "watchdog": 3, "deep sleep": 4, "soft reset": 5}

# What stand-ins report late so as not to flood the line (WDT._REPORT_EVERY_MS), with some air.
_WATCHDOG_GRACE_S = 0.03
_RETRY_S = 0.002


def _number(held: socket.socket) -> int:
    return held.getsockname()[1]


class Bridge:
    """One virtual board. `emit(event, **fields)` is told all that happens:

    port(path, portal, dns), start(cause), output(text), pin(name, value), wifi(up), bootloader(),
    sleep(), own_access_point(name, portal), warning(text).
    """

    def __init__(self, settings: Settings, emit: Callable[..., None]) -> None:
        self._settings = settings
        self._emit = emit
        self._folder = Path(tempfile.mkdtemp(prefix="virtual-board-"))
        self._state_file = self._folder / "access-point"
        self._access_point = "1"
        self._networks: list | None = None
        # Held for the board's own access point: it may bind them too, and nobody else gets them.
        self._http = self._held_port(socket.SOCK_STREAM)
        self._dns = self._held_port(socket.SOCK_DGRAM)
        self._serial: SerialPort | None = None
        self._interpreter: Interpreter | None = None
        self._input = BoardInput()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._clock_offset_s = 0
        self._joined = ""  # name of the Wi-Fi network in hexadecimal, kept over a soft reset
        self._watchdog_timeout_s = 0.0
        self._watchdog_at_s: float | None = None
        self._wake_at_s: float | None = None
        self._state = "off"  # off, setup, scripts, entering the raw REPL, prompt

    @property
    def port(self) -> str:
        """Path of the pseudo-terminal."""
        return self._serial.path

    def open(self) -> None:
        """Make the serial port and power the board on.

        Raises:
            VirtualBoardError: the interpreter or the flash cannot be used, or another board has it.
        """
        self._claim_flash()
        self._write_air()
        self._heap_bytes = heap_for_free_bytes(self._settings, self._folder, str(self._state_file))
        self._serial = SerialPort(self._settings.link)
        self._emit("port", path=self._serial.path, portal=self._portal, dns=_number(self._dns))
        self._start("power-on")

    def _claim_flash(self) -> None:
        """Lock the flash until this process ends: two boards would damage it."""
        flash = os.open(self._settings.flash, os.O_RDONLY)
        try:
            fcntl.flock(flash, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise VirtualBoardError(
                f"A virtual board with the flash {self._settings.flash} runs already: use that, or "
                "end it, or name another flash."
            ) from None

    def close(self) -> None:
        """End the interpreter and take port and temporary files away."""
        self._switch_off()
        if self._serial:
            self._serial.close()
            self._serial = None
        self._http.close()
        self._dns.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    # What can be done to a board from outside

    def reset(self) -> None:
        """Press the reset button."""
        self._switch_off()
        self._input.clear()
        self._start("reset")

    def power_cut(self) -> None:
        """Take the power away in the midst of whatever happens, and give it back."""
        self._switch_off()
        self._input.clear()
        self._clock_offset_s = 0
        self._start("power-on")

    def wifi(self, up: bool, only: str = "") -> None:
        """Let the access point vanish or come back; `only`: the one network that is in reach."""
        self._access_point = "1" + only if up else "0"
        self._write_air()
        if not up:
            self._cut_connections()
        self._emit("wifi", up=up)

    def networks(self, networks: list | None) -> None:
        """Say which networks are in reach: [name, key or None, dBm, hidden] each; None: any."""
        self._networks = networks
        self._write_air()

    def _write_air(self) -> None:
        text = self._access_point + "\n" + json.dumps(self._networks, ensure_ascii=False)
        # Written in place: the board keeps the file open.
        with open(self._state_file, "r+b" if self._state_file.exists() else "wb") as file:
            file.write(text.encode())
            file.truncate()

    @staticmethod
    def _held_port(kind: int) -> socket.socket:
        held = socket.socket(socket.AF_INET, kind)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        return held

    @property
    def _portal(self) -> str:
        return f"127.0.0.1:{_number(self._http)}"

    def _cut_connections(self) -> None:
        if self._interpreter is None:
            return
        try:
            cut_connections(self._interpreter.pid, {_number(self._http), _number(self._dns)})
        except (OSError, AttributeError) as error:
            self._emit("warning", text=f"open connections stay, the system refuses: {error}")

    # Start and end of the interpreter

    def _start(self, cause: str, raw: bool = False) -> None:
        hard = cause != "soft reset"
        if hard:
            self._watchdog_at_s = None
            self._joined = ""
        self._wake_at_s = None
        self._serial.restart_text()
        self._parser = OutputParser()
        self._mode = ReplMode()
        self._want_raw = self._mode.raw = raw
        self._setup_output = self._hidden_output = b""
        self._state = "setup"
        self._interpreter = Interpreter(
            self._settings,
            self._heap_bytes,
            self._folder,
            STATE=str(self._state_file),
            SCRIPTS="boot.py" if raw else "boot.py main.py",
            RESET_CAUSE=str(CAUSES[cause]),
            CLOCK_OFFSET_S=str(self._clock_offset_s),
            JOINED=self._joined,
            AP_PORTS=f"80:{_number(self._http)} 53:{_number(self._dns)}",
        )
        self._emit("start", cause=cause)

    def _switch_off(self) -> None:
        if self._interpreter:
            self._interpreter.end()
            self._interpreter = None
        self._state = "off"

    def _interpreter_ended(self) -> None:
        """The process has closed its terminal: Ctrl-D, SystemExit, or a crash."""
        status = self._interpreter.wait()
        self._interpreter = None
        if self._state == "setup":
            self._fail_setup()
        if os.WIFSIGNALED(status):
            text = f"\nvirtual board: the interpreter died of signal {os.WTERMSIG(status)}\n"
            self._show(text.encode())
            self._start("reset")
        else:
            self._soft_reboot()

    def _soft_reboot(self) -> None:
        raw = self._want_raw if self._state != "prompt" else self._mode.raw
        self._show(b"MPY: soft reboot\r\n")
        self._start("soft reset", raw)

    def _fail_setup(self) -> None:
        reason = last_words(self._setup_output)
        raise VirtualBoardError(f"The interpreter could not start as a board: {reason}.")

    # The two directions

    def _from_interpreter(self) -> None:
        data = self._interpreter.read()
        if data is None:
            self._interpreter_ended()
            return
        interpreter = self._interpreter
        for kind, part in self._parser.feed(data):
            if kind == "text":
                self._text(part)
            else:
                self._report(*part.decode("utf-8", "replace").split(";"))
            if self._interpreter is not interpreter:
                return  # the report was about its end

    def _text(self, data: bytes) -> None:
        if self._state == "setup":
            self._setup_output += data
            if b">>> " in self._setup_output:
                self._fail_setup()
            return
        self._mode.see(data)
        if self._state == "entering the raw REPL":
            self._hidden_output += data
            start = self._hidden_output.find(RAW_BANNER)
            if start < 0:
                return
            data = self._hidden_output[start:]
            self._state = "prompt"
        self._show(data)

    def _show(self, data: bytes) -> None:
        text = self._decoder.decode(data)
        if text:
            self._emit("output", text=text)
        self._serial.send(data)

    def _report(self, name: str, *arguments: str) -> None:
        now_s = time.monotonic()
        if name == "ready" and self._state == "setup":
            self._state = "scripts"
        elif name == "repl" and self._state == "scripts":
            self._state = "prompt"
            if self._want_raw:
                self._state = "entering the raw REPL"
                self._interpreter.write(b"\x01")
        elif name == "pin":
            self._emit("pin", name=arguments[0], value=int(arguments[1]))
        elif name == "clock":
            self._clock_offset_s = int(arguments[0])
        elif name == "watchdog":
            self._watchdog_timeout_s = int(arguments[0]) / 1000 + _WATCHDOG_GRACE_S
            self._watchdog_at_s = now_s + self._watchdog_timeout_s
        elif name == "feed":
            self._watchdog_at_s = now_s + self._watchdog_timeout_s
        elif name == "join":
            self._joined = arguments[0]
        elif name == "offline":
            self._joined = ""
            self._cut_connections()
        elif name == "own-access-point":
            if arguments[0]:
                name = bytes.fromhex(arguments[0]).decode()
                self._emit("own_access_point", name=name, portal=self._portal)
        elif name == "interrupt-again":
            self._interpreter.interrupt()
        elif name == "reset":
            self.reset()
        elif name == "soft-reset":
            self._interpreter.end()
            self._interpreter = None
            self._soft_reboot()
        elif name == "bootloader":
            self._switch_off()
            self._watchdog_at_s = None
            self._emit("bootloader")
        elif name == "deepsleep":
            self._switch_off()
            self._watchdog_at_s = None
            sleep_ms = int(arguments[0] or 0)
            self._wake_at_s = now_s + sleep_ms / 1000 if sleep_ms else None
            self._emit("sleep")

    def _pump_input(self) -> None:
        if self._state in ("scripts", "prompt"):
            self._input.pump(self._interpreter, self._state == "scripts")
        elif self._state == "off":
            self._input.clear()

    # The loop

    def serve(self, control: int | None, on_control: Callable[[], bool]) -> None:
        """Run the board until an exception ends it.

        Args:
            control: a file descriptor to watch as well, or None.
            on_control: called when there is something to read from it; returns False to have it
                watched no longer.
        """
        while True:
            readable, writable = self._wait(control)
            if self._serial.fd in writable:
                self._serial.flush()
            if self._serial.fd in readable:
                self._input.push(self._serial.receive())
            if self._interpreter and self._interpreter.fd in readable:
                self._from_interpreter()
            if self._input.waiting:
                self._pump_input()
            self._serial.drop_if_stalled()
            self._check_clocks()
            if control in readable and not on_control():
                control = None

    def _wait(self, control: int | None) -> tuple[list[int], list[int]]:
        reads = [] if control is None else [control]
        writes = [self._serial.fd] if self._serial.waiting else []
        if not self._input.full:
            reads.append(self._serial.fd)
        if self._interpreter and not self._serial.congested:
            reads.append(self._interpreter.fd)
        pause_s = STALL_S
        if self._input.waiting:
            pause_s = _RETRY_S
        for at_s in (self._watchdog_at_s, self._wake_at_s):
            if at_s is not None:
                pause_s = min(pause_s, max(0.0, at_s - time.monotonic()))
        return select.select(reads, writes, [], pause_s)[:2]

    def _check_clocks(self) -> None:
        now_s = time.monotonic()
        if self._watchdog_at_s is not None and now_s >= self._watchdog_at_s:
            self._switch_off()
            self._start("watchdog")
        elif self._wake_at_s is not None and now_s >= self._wake_at_s:
            self._start("deep sleep")
