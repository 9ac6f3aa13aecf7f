"""The line to a board's MicroPython: a raw REPL for tools, mpremote as a command, faults in words.

Used by deploy, romfs and flash. Opened with `connected(port)`; what goes wrong is a LinkError.
"""

import contextlib
import errno
import io
import struct
import subprocess
import sys
import time
from pathlib import Path

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from tools.board import ports

MPREMOTE = str(Path(sys.executable).with_name("mpremote"))
RAW = b"raw REPL; CTRL-B to exit\r\n"

_READ_S = 2  # one read; the board answers at once when it answers at all
_START_S = 2  # until _boot.py has mounted the flash: it must not be interrupted
_RAW_S = 20
_MOST_S = 30  # one command that is to answer at once; `run` is for those that take long
_ANSWER_S = 5
_KNOCK_S = 0.5  # a board that wakes from deep sleep may be awake for a second only
_SAY_S = 5  # nothing is silent for longer
WAIT_S = 60  # enough to press a reset button
_GONE_S = 1
_GONE = (errno.EIO, errno.ENXIO, errno.ENODEV, errno.EBADF)  # of a port whose board went away
_BACK_S = 10
_COMMAND_S = 300
NO_ANSWER = (
    "no MicroPython answers at {port}. Is it flashed (make flash)? Does a program run that takes "
    "no Ctrl-C? Does it sleep deeply? Press the board's reset button and try again, or wait longer "
    "for it to wake (--wait SECONDS of deploy and doctor: make deploy DEPLOY_OPTIONS='--wait 600')."
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

    def read_until(
        self, min_num_bytes, ending, timeout=10, data_consumer=None, timeout_overall=None
    ):
        now = time.monotonic()
        # Whoever takes each byte as it comes sees for himself how it goes on.
        until = now + (timeout_overall or (_MOST_S if data_consumer is None else float("inf")))
        silent_until = now + (timeout or _MOST_S)
        data = b""
        while not data.endswith(ending) and now < min(until, silent_until):
            new = self.serial.read(1)
            now = time.monotonic()
            if new:
                silent_until = now + (timeout or _MOST_S)
                data = new if data_consumer else data + new
                if data_consumer:
                    data_consumer(new)
        return data


def say_now(text):
    """Print a line at once, wherever the output goes."""
    print(text, flush=True)


@contextlib.contextmanager
def connected(port, wait_s=_ANSWER_S, say=say_now):
    """Reset the board's MicroPython softly and yield mpremote's transport, in the raw REPL.

    - `wait_s`: how long a board is waited for that is silent or whose port is gone, since it sleeps
      deeply; `say(text)` is told.

    main.py does not run. Raises LinkError, or LinkLost for what happens inside the `with`.
    """
    transport = _caught(port, wait_s, say)
    try:
        yield transport
    except TransportExecError:
        raise
    except (TransportError, OSError, struct.error) as e:
        # pyserial lets some of the port's own errors through as they are.
        if isinstance(e, OSError) and not isinstance(e, serial.SerialException):
            if e.errno not in _GONE:
                raise
        raise LinkLost(
            f"the board at {port} stopped answering ({_line(e)}): the cable was pulled, or the "
            "board was reset, by its watchdog perhaps. Run the same again."
        ) from None
    finally:
        with contextlib.suppress(OSError):
            transport.close()


def _caught(port, wait_s, say):
    """Return the transport of a board in its raw REPL. Raises LinkError."""
    wait = _Wait(port, wait_s, say)
    while True:
        try:
            transport = _open(port)
        except LinkError as e:
            if is_there(port):
                raise
            wait.go_on(e)
            time.sleep(0.1)
            continue
        try:
            while True:
                try:
                    _enter(transport, say)
                    return transport
                except (TransportError, struct.error):  # a watchdog may have reset it just now
                    wait.go_on()
                while not _answers(transport):
                    wait.go_on()
        except BaseException as e:
            with contextlib.suppress(OSError):
                transport.close()
            if not isinstance(e, OSError):  # else the port went with its board
                raise
            wait.go_on()


class _Wait:
    """The wait for a board that does not answer."""

    def __init__(self, port, wait_s, say):
        self._port = port
        self._wait_s = wait_s
        self._say = say
        self._until = None

    def go_on(self, error=None):
        """Say that it is waited. Raises LinkError, `error` if there is one, when time is up."""
        now = time.monotonic()
        if self._until is None:
            self._until = now + self._wait_s
            text = (
                f"no answer from {self._port} yet. A board that sleeps deeply is caught if it "
                f"wakes within {self._wait_s:.0f} s; its reset button wakes it at once"
            )
        elif now >= self._until:
            raise error or LinkError(NO_ANSWER.format(port=self._port))
        elif now - self._said < _SAY_S:
            return
        else:
            text = f"waiting for the board to wake, {self._until - now:.0f} s more at most"
        self._say(text)
        self._said = now


def _answers(transport):
    """Return whether a board says anything to a Ctrl-C, within half a second."""
    transport.serial.timeout = _KNOCK_S
    transport.serial.write(b"\r\x03")
    heard = transport.serial.read(1)
    transport.serial.timeout = _READ_S
    return bool(heard)


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


def _enter(transport, say):
    """Enter the raw REPL of a MicroPython that starts anew, so that memory and timers are free."""
    with contextlib.redirect_stdout(io.StringIO()):  # mpremote prints what it did not expect
        transport.enter_raw_repl(soft_reset=False, timeout_overall=_ANSWER_S)
    transport.serial.write(b"\x04")
    if not transport.read_until(1, b"soft reboot\r\n", timeout_overall=5).endswith(b"reboot\r\n"):
        raise TransportError("no soft reboot")
    until = time.monotonic() + _RAW_S
    # boot.py runs first and may take its time over the Wi-Fi, more than mpremote waits.
    while not transport.read_until(1, RAW, timeout_overall=_START_S).endswith(RAW):
        if time.monotonic() > until:
            raise TransportError("no raw REPL")
        say("the board starts; its boot.py is interrupted")
        transport.serial.write(b"\x03")
    transport.in_raw_repl = True


def run(transport, code, take):
    """Run code on the board; `take(text)` gets each line that it prints, as it comes.

    It may run for long, as long as it prints: a board that is silent for 10 s counts as gone.
    Raises TransportExecError for an exception on the board.
    """
    line = bytearray()

    def consume(data):
        if data in b"\n\x04":
            if line.strip():
                take(line.decode("utf-8", "replace").strip())
            line.clear()
        else:
            line.extend(data)

    _, errors = transport.exec_raw(code, data_consumer=consume)
    if errors:
        raise TransportExecError("", errors.decode("utf-8", "replace"))


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
    while not is_there(port) and time.monotonic() < until:
        time.sleep(0.1)


def is_there(port):
    """Return whether there is a port of this name: a board's own USB goes when the board sleeps."""
    try:
        ports.checked(port)
    except ports.NotThere:
        return False
    except ports.PortError:  # it is, but not for this user
        pass
    return True


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
            encoding="utf-8",
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
