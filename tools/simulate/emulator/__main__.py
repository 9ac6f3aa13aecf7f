"""The process in which the emulator runs: ``python -m tools.simulate.emulator IMAGE``.

Says what happens as one JSON object a line. Ends with its standard input, or on SIGTERM.
"""

import argparse
import asyncio
import codecs
import json
import os
import sys

from rp2040py.boards import BoardSpec
from rp2040py.cli.pty_repl import PtyInteractiveRepl
from rp2040py.device import MicroPythonDevice
from rp2040py.external.bootsel_button import BootselButton

from . import chips, guard, image

BOOT_LIMIT_S = 120


def say(event, **fields):
    """Print an event for the parent."""
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
    sys.stdout.flush()


def led(level):
    say("led", level=level)


def refused(what):
    say("refused", what=what)


def device(checked, ports, names):
    """Return rp2040py's device for an Image, with a loopback network if it has Wi-Fi."""

    def chip():
        if checked.has_wifi:
            return chips.WiFiChip(ports, names, refused, led)
        return chips.PicoLED(led)

    # The path is given, so that nothing is looked for, and nothing downloaded.
    return MicroPythonDevice(board=BoardSpec(extras=(BootselButton, chip), image=checked.path))


async def serve(pico):
    """Boot, say the port, and go on until the parent has gone or the emulator fails."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def console(data):
        text = decoder.decode(bytes(data))
        if text:
            say("console", text=text)

    def input_changed():
        if not os.read(0, 4096):
            ended.set()

    repl = PtyInteractiveRepl(
        pico.cdc,
        pico.simulator,
        on_quit=lambda status: loop.call_soon_threadsafe(ended.set),
        on_data=console,
    )
    await repl.start()
    loop.add_reader(0, input_changed)
    try:
        await pico.astart(timeout=BOOT_LIMIT_S)
        say("port", path=repl.slave_path)
        while not ended.is_set() and pico.simulator.executing:
            try:
                await asyncio.wait_for(ended.wait(), 0.5)
            except asyncio.TimeoutError:
                continue
        if pico.simulator.engine_room_error:
            raise pico.simulator.engine_room_error
    finally:
        loop.remove_reader(0)
        pico.stop()
        await repl.stop()


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tools.simulate.emulator", description=__doc__.split("\n")[0]
    )
    parser.add_argument("image", metavar="IMAGE", help="a MicroPython .uf2 for a Pico or a Pico W")
    parser.add_argument(
        "--port",
        type=int,
        action="append",
        default=[],
        help="a port of 127.0.0.1 that the board may open at 10.0.0.1; may be given again",
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        help="a host name that leads the board to 10.0.0.1; may be given again",
    )
    args = parser.parse_args()
    try:
        checked = image.check(args.image)
    except image.ImageError as error:
        parser.exit(2, f"emulator: {error}\n")
    guard.confine(args.port)
    try:
        asyncio.run(serve(device(checked, args.port, args.name)))
    except KeyboardInterrupt:
        sys.exit("\nstopped")
    except Exception as error:  # whatever the emulator stumbles over, the parent has to hear it
        say("error", text=f"the emulator failed: {type(error).__name__}: {error}")
        sys.exit(1)


if __name__ == "__main__":
    main()
