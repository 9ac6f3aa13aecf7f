"""The line to a board's MicroPython: a raw REPL for tools, mpremote as a command, faults in words.

Used by deploy, romfs and flash. Opened with `connected(port)`; what goes wrong is a LinkError.
"""

import contextlib
import io
import struct
import subprocess
import sys
import time
from pathlib import Path

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

MPREMOTE = str(Path(sys.executable).with_name("mpremote"))
RAW = b"raw REPL; CTRL-B to exit\r\n"

_READ_S = 2  # one read; the board answers at once when it answers at all
_START_S = 2  # until _boot.py has mounted the flash: it must not be interrupted
_RAW_S = 20
_MOST_S = 30  # one command, however much it prints; hashing all files takes a few seconds
_GONE_S = 1
_BACK_S = 10
_COMMAND_S = 300
NO_ANSWER = (
    "no MicroPython answers at {port}. Is it flashed (make flash)? Does a program run that takes "
    "no Ctrl-C? Press the board's reset button and try again."
)
BUSY = (
    "{port} is in use by another program: close the terminal, IDE or `make repl` that has it open."
)


class LinkError(Exception):
    """A board cannot be talked to; the text says why and what to do."""


class LinkLost(LinkError):
    """The board went away in the midst of the talk; trying again may help."""


class _Bounded(SerialTransport):
    """mpremote's transport, which gives up on a board that talks on and never says what it should.

    mpremote looks at its time limits only while nothing arrives.
    """

    most_s = _MOST_S  # that one command may take

    def read_until(
        self, min_num_bytes, ending, timeout=10, data_consumer=None, timeout_overall=None
    ):
        now = time.monotonic()
        until = now + (timeout_overall or self.most_s)
        silent_until = now + (timeout or self.most_s)
        data = b""
        while not data.endswith(ending) and now < min(until, silent_until):
            new = self.serial.read(1)
            now = time.monotonic()
            if new:
                silent_until = now + (timeout or self.most_s)
                data = new if data_consumer else data + new
                if data_consumer:
                    data_consumer(new)
        return data


@contextlib.contextmanager
def connected(port, most_s=_MOST_S):
    """Reset the board's MicroPython softly and yield mpremote's transport, in the raw REPL.

    main.py does not run. `most_s`: seconds that one command may take; how long it may be silent is
    said with the command. Raises LinkError, or LinkLost for what happens inside the `with`.
    """
    transport = _open(port)
    try:
        for last in (False, True):  # a watchdog may reset the board just now
            try:
                _enter(transport)
                break
            except (TransportError, OSError, struct.error):
                if last:
                    raise LinkError(NO_ANSWER.format(port=port)) from None
        transport.most_s = most_s
        try:
            yield transport
        except TransportExecError:
            raise
        except (TransportError, serial.SerialException, struct.error) as e:
            raise LinkLost(
                f"the board at {port} stopped answering ({_line(e)}): the cable was pulled, or the "
                "board was reset, by its watchdog perhaps. Run the same again."
            ) from None
    finally:
        with contextlib.suppress(OSError):
            transport.close()


def _open(port):
    try:
        return _Bounded(port, timeout=_READ_S)
    except (TransportError, OSError, ValueError):
        raise LinkError(_why_not(port)) from None


def _why_not(port):
    """Return why a port cannot be opened: mpremote does not say, pyserial does."""
    try:
        serial.serial_for_url(port, exclusive=True).close()
    except (OSError, ValueError) as e:
        text = str(e)
        if "refused" in text:
            return f"nothing listens at {port}: is it started, are host and port right?"
        if "lock" not in text and "busy" not in text.lower():
            return f"{port} cannot be opened: {_line(e)}"
    return BUSY.format(port=port)


def _enter(transport):
    """Enter the raw REPL of a MicroPython that starts anew, so that memory and timers are free."""
    with contextlib.redirect_stdout(io.StringIO()):  # mpremote prints what it did not expect
        transport.enter_raw_repl(soft_reset=False, timeout_overall=5)
    transport.serial.write(b"\x04")
    if not transport.read_until(1, b"soft reboot\r\n", timeout_overall=5).endswith(b"reboot\r\n"):
        raise TransportError("no soft reboot")
    until = time.monotonic() + _RAW_S
    # boot.py runs first and may take its time over the Wi-Fi, more than mpremote waits.
    while not transport.read_until(1, RAW, timeout_overall=_START_S).endswith(RAW):
        if time.monotonic() > until:
            raise TransportError("no raw REPL")
        transport.serial.write(b"\x03")
    transport.in_raw_repl = True


def hard_reset(port):
    """Reset the board's chip, which disarms a watchdog, and wait until its port is back."""
    transport = _open(port)
    try:
        with contextlib.suppress(TransportError, OSError, struct.error):
            with contextlib.redirect_stdout(io.StringIO()):
                transport.enter_raw_repl(soft_reset=False, timeout_overall=5)
            transport.exec_raw_no_follow("import machine\nmachine.reset()")
    finally:
        with contextlib.suppress(OSError):
            transport.close()
    # A board with USB of its own takes its port along.
    time.sleep(_GONE_S)
    wait_for(port)


def wait_for(port):
    """Wait until a port that went away with its board is back, for a few seconds at most."""
    until = time.monotonic() + _BACK_S
    while "://" not in port and not Path(port).exists() and time.monotonic() < until:
        time.sleep(0.1)


def restart(transport):
    """Have boot.py and main.py run, as after power-on, and leave."""
    transport.exit_raw_repl()
    transport.read_until(1, b">>> ", timeout_overall=_READ_S)
    transport.serial.write(b"\x04")
    transport.read_until(1, b"soft reboot\r\n", timeout_overall=5)


def mpremote(port, *arguments, timeout_s=_COMMAND_S):
    """Run one mpremote command and return what it printed.

    - `port`: of the board, None for a command that needs none.

    Raises LinkError with mpremote's last words.
    """
    command = [MPREMOTE, *(["connect", port] if port else []), *arguments]
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired:
        raise LinkError(f"mpremote did not end within {timeout_s} s") from None
    if done.returncode:
        if "failed to access" in done.stdout:
            raise LinkError(_why_not(port))
        if "could not enter raw repl" in done.stdout:
            raise LinkError(NO_ANSWER.format(port=port))
        raise LinkError(f"mpremote {arguments[0]} failed: {_line(done.stdout)}")
    return done.stdout


def _line(text):
    lines = str(text).strip().splitlines()
    return lines[-1] if lines else "no reason given"
