"""The command line of the local platform: ``python -m tools.simulate.local_platform``."""

import argparse
import pathlib
import signal
import sqlite3
import sys
import threading

from . import console, faults, manners

_DESCRIPTION = "A local AllThingsTalk platform: REST and MQTT, no account, everything in one file."
_EPILOG = (
    "VALUE is JSON (21.5, true, '{\"latitude\":1}'); what is not JSON counts as text."
    " DEVICE is an id; -: that of settings.json in this folder, or the only device there is."
)


_FAULTS = "Faults, and what VALUE is:\n" + "\n".join(
    f"  {name.replace('_', '-'):21} {kind.text}" + f" ({kind.default})" * kind.has_value
    for name, kind in faults.KINDS.items()
)


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m tools.simulate.local_platform", description=_DESCRIPTION, epilog=_EPILOG
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name, run, text, *arguments):
        sub = commands.add_parser(name, help=text, description=text, epilog=_EPILOG)
        sub.add_argument(
            "--db",
            type=pathlib.Path,
            default=console.DEFAULT_DB,
            help="the SQLite file (%(default)s)",
        )
        for argument in arguments:
            sub.add_argument(argument)
        sub.set_defaults(run=run)
        return sub

    serve = command("serve", _serve, "run the platform until Ctrl-C")
    serve.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (%(default)s); 0.0.0.0 for boards"
    )
    serve.add_argument("--http-port", type=_port, default=8080, help="REST (%(default)s), 0: any")
    serve.add_argument("--mqtt-port", type=_port, default=1883, help="MQTT (%(default)s), 0: any")
    serve.add_argument("--quiet", action="store_true", help="do not print what happens")
    manners.add_options(serve)
    create = command("create-device", console.create_device, "create a device, print its token")
    create.add_argument("--title", default="My device", help="what people see (%(default)s)")
    create.add_argument(
        "--settings", type=pathlib.Path, help="write its settings.json to this file"
    )
    create.add_argument(
        "--overwrite", action="store_true", help="even if the file is there already"
    )
    command("devices", console.devices, "list the devices")
    command("ground", console.ground, "print the ground and its token, which may do every device")
    command("states", console.states, "print the last state of each asset", "DEVICE")
    command("command", console.send, "send a command to a device", "DEVICE", "ASSET", "VALUE")
    command("event", console.send, "send an event to a device", "DEVICE", "ASSET", "VALUE")
    command("state", console.send, "set a state as the device would", "DEVICE", "ASSET", "VALUE")
    command("abcl", console.abcl, "say in which layout a device sends bytes", "DEVICE", "FILE")
    fault = command("fault", console.fault, "do something wrong on purpose, from now on")
    fault.formatter_class = argparse.RawDescriptionHelpFormatter
    fault.epilog = _FAULTS
    fault.add_argument("NAME", nargs="?", help="a fault; off: all faults off; none: what is on")
    fault.add_argument("VALUE", nargs="?", help="see below; off: switch this fault off")
    fault.add_argument("--count", type=int, help="how often it happens (always)")
    return parser


def _port(text):
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port; ports go from 0 to 65535")
    return number


def _serve(arguments):
    """Run the platform in a thread until Ctrl-C or SIGTERM."""
    from .page.access import is_loopback
    from .server import LocalPlatform

    try:
        wanted = manners.from_options(arguments)
    except ValueError as error:
        raise console.Trouble(str(error)) from None
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    platform = LocalPlatform(
        db=arguments.db,
        host=arguments.host,
        http_port=arguments.http_port,
        mqtt_port=arguments.mqtt_port,
        log=None if arguments.quiet else _print,
        manners=wanted,
    )
    try:
        with platform:
            create, press = "make device", "make command ASSET=led VALUE=true"
            if arguments.db != console.DEFAULT_DB:
                start = ".venv/bin/python -m tools.simulate.local_platform"
                create = f"{start} create-device --db {arguments.db}"
                press = f"… command --db {arguments.db} DEVICE led true"
            _print(f"REST {platform.http}")
            _print(f"MQTT {platform.mqtt}")
            asks = (
                "" if is_loopback(arguments.host) else "  (asks for a token; make ground: for all)"
            )
            _print(f"page {platform.page}{asks}")
            _print(f"Create a device: {create}; press a button: {press}")
            _print("Stop with Ctrl-C; a restart loses nothing.")
            while not stopping.wait(1):
                pass
    except sqlite3.Error as error:
        raise console.Trouble(f"{arguments.db} cannot be used as database: {error}.") from error
    except OSError as error:
        raise console.Trouble(f"The platform did not start: {error}") from error
    _print("stopped")


def _print(text):
    print(text, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status: 0 done, 1 trouble, 2 wrong usage."""
    parsed = _parser().parse_args(arguments)
    try:
        parsed.run(parsed)
    except console.Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
