"""Finds what keeps a device off line, step by step: on this PC, or on the board at a port.

    python -m tools.board.doctor --settings settings.json   from this PC, with a board's settings
    python -m tools.board.doctor --port PORT                on the board, with the settings it holds

Nothing is published unless --state asks for it. The exit status is the number of the first step
that failed:

    0 all is well   1 settings   2 Wi-Fi    3 address   4 DNS      5 clock   6 TCP
    7 TLS           8 token      9 device   10 assets   11 MQTT   12 program (safe mode)
    100 the doctor itself could not be run: no board, no library on it, wrong arguments

(`make doctor` prints that number and itself leaves with 2.)
"""

import argparse
import json
import sys
import time
from pathlib import Path

from mpremote.transport import TransportError

from tools.board import checked_settings, given_settings, ports, serial_link, text_files
from tools.build import library

NOT_RUN = 100
SETTINGS = "settings.json"
_SILENT_S = 90  # the doctor on a board says something sooner: each Wi-Fi network is tried for 15 s
_OURS = "\x02"  # begins the doctor's own lines: a program that a reset has started prints others
_NUMBER = "first failure: "
_ON_BOARD = """
from allthingstalk import doctor
{define}
def log(text):
    print({ours!r} + text)
log({number!r} + str(doctor.run(device={device}, state={state!r}, log=log)))
"""


class DoctorError(Exception):
    """The doctor could not be run; the text says why and what to do."""


class Parser(argparse.ArgumentParser):
    """argparse leaves with 2 for wrong arguments, which is a step's number here."""

    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(NOT_RUN, f"doctor: {message}\n")


def on_pc(settings, device=None, state=None, say=print):
    """Run the doctor here; return the number of the first failure, 0 for none.

    - `settings`: a file like a board's /settings.json, or a dict of its keys.
    - `device`: (module, class) of a Device whose assets are compared, None to list the platform's.
    - `state`: (asset name, value) to publish, None for nothing.

    Raises DoctorError where the module has no such class.
    """
    library.use(engines_too=True)
    from allthingstalk import doctor

    device = _class(device)
    if isinstance(settings, str):
        try:
            path = settings
            settings, places = given_settings.from_file(path)
            checked_settings.check(settings, path, places)
        except text_files.InputError as e:
            say(f"FAIL  settings  {e}; make provision writes a file that is right")
            return 1
    return doctor.run(_for_pc(settings, say), device=device, state=state, log=say)


def _for_pc(values, say):
    """Return settings without the root's name where that file is the board's."""
    ca = values.get("ca")
    if isinstance(ca, str) and "-----BEGIN" not in ca and not Path(ca).is_file():
        say(f"{ca} is on the board: this PC's own trust store is used")
        return {key: value for key, value in values.items() if key != "ca"}
    return values


def _class(device):
    if device is None:
        return None
    module, name = device
    sys.path.insert(0, "")
    try:
        return getattr(__import__(module), name)
    except (ImportError, AttributeError) as e:
        raise DoctorError(f"--assets: {e}; give MODULE:CLASS, the module in this folder") from None


def on_board(port, device=None, state=None, say=print, wait_s=serial_link.WAIT_S):
    """Run the doctor on the board at `port`, pass on its lines; else as `on_pc`.

    - `wait_s`: how long a board that sleeps deeply is waited for.

    main.py is stopped for it, and started again afterwards. Where a watchdog of its own resets the
    board in between, the chip is reset, which disarms it, and the doctor begins once more. Raises
    LinkError, DoctorError.
    """
    code = _ON_BOARD.format(
        define=f"from {device[0]} import {device[1]}" if device else "",
        device=device[1] if device else None,
        state=state,
        ours=_OURS,
        number=_NUMBER,
    )
    for last in (False, True):
        try:
            lines = _Lines(say)
            with serial_link.connected(port, wait_s, say) as transport:
                _, errors = transport.exec_raw(code, timeout=_SILENT_S, data_consumer=lines.take)
                serial_link.restart(transport)
            break
        except serial_link.LinkLost as e:
            if last:
                raise
            say(f"once more: {e}")
            serial_link.hard_reset(port)
    if lines.number is None:
        raise DoctorError(_why(errors.decode("utf-8", "replace")))
    return lines.number


def _why(errors):
    last = (errors.strip().splitlines() or ["it said nothing"])[-1]
    if "allthingstalk" in last and "Import" in last or "no attribute 'doctor'" in last:
        return "the library on the board is missing or has no doctor: make deploy brings it"
    if "MemoryError" in last:
        return "the board's memory is full: press its reset button and run it again"
    return f"the board said: {last}"


class _Lines:
    """Takes what the board prints byte by byte, passes on lines, keeps the number of the last.

    Raises TransportError when the doctor says nothing any more, but something else goes on.
    """

    def __init__(self, say):
        self._say = say
        self._line = b""
        self._ours_s = time.monotonic()
        self.number = None

    def take(self, data):
        self._line += data.replace(b"\x04", b"\n")
        *lines, self._line = self._line.split(b"\n")
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip()
            if text.startswith(_OURS):
                self._ours_s = time.monotonic()
                text = text[len(_OURS) :]
            if text.startswith(_NUMBER):
                self.number = int(text[len(_NUMBER) :])
            elif text:
                self._say(text)
        if time.monotonic() - self._ours_s > _SILENT_S:
            raise TransportError(f"no word of the doctor for {_SILENT_S} s")


def _named_class(text):
    module, colon, name = text.partition(":")
    if not (colon and module.isidentifier() and name.isidentifier()):
        raise argparse.ArgumentTypeError(f"{text} is not MODULE:CLASS, such as meter:Meter")
    return module, name


def _named_value(text):
    name, equals, value = text.partition("=")
    try:
        if equals and name:
            return name, json.loads(value)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text} is not NAME=JSON, such as temp=21.5 or text='\"a\"'")


def main():
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--port", nargs="?", const="", help="run on the board at PORT (alone: the one plugged in)"
    )
    where.add_argument("--settings", default=SETTINGS, help="file to use on this PC (%(default)s)")
    parser.add_argument(
        "--assets",
        type=_named_class,
        metavar="MODULE:CLASS",
        help="compare with this Device class; its module is imported and must not start anything",
    )
    parser.add_argument(
        "--state", type=_named_value, metavar="NAME=JSON", help="publish this value as well"
    )
    parser.add_argument(
        "--wait",
        type=float,
        default=serial_link.WAIT_S,
        metavar="SECONDS",
        help="for a board that sleeps deeply to wake (%(default)s)",
    )
    args = parser.parse_args()
    try:
        if args.port is None:
            status = on_pc(args.settings, args.assets, args.state)
        else:
            say = serial_link.say_now
            port = ports.awaited(args.port or None, args.wait, say)
            status = on_board(port, args.assets, args.state, say, args.wait)
    except (ports.PortError, serial_link.LinkError, DoctorError) as e:
        print(f"doctor: {e}", file=sys.stderr)
        status = NOT_RUN
    except KeyboardInterrupt:
        print("\ndoctor: stopped", file=sys.stderr)
        status = NOT_RUN
    sys.exit(status)


if __name__ == "__main__":
    main()
