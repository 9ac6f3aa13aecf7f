"""The command line of the fault proxy: ``python -m tools.simulate.fault_proxy``."""

import argparse
import os
import pathlib
import select
import signal
import sys

from . import commands
from .certificates import KINDS, Certificates
from .proxy import FaultProxy

_EPILOG = f"""Commands, on standard input one a line, or with --do:
{commands.HELP}
  {"quit":40} stop

Example:
  python -m tools.simulate.fault_proxy 1883 --port 1884 --do "delay 200"
"""


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m tools.simulate.fault_proxy",
        description="A TCP proxy that does to connections what bad routers and servers do.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("target", type=_target, metavar="[HOST:]PORT", help="the server behind it")
    parser.add_argument("--port", type=_port, default=0, help="where to listen (any free one)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--tls", choices=KINDS, help="speak TLS to clients, with this kind of certificate"
    )
    parser.add_argument(
        "--name",
        action="append",
        help="a name in the certificate, may be given again (localhost, 127.0.0.1)",
    )
    parser.add_argument(
        "--ca-file", type=pathlib.Path, help="write the root that clients have to trust here"
    )
    parser.add_argument(
        "--do", action="append", default=[], metavar="COMMAND", help="a command to start with"
    )
    return parser


def _port(text):
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port; ports go from 0 to 65535")
    return number


def _target(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]") or "127.0.0.1", _port(port)


def _serve(proxy, first_commands):
    """Obey until ``quit`` or a signal."""
    for line in first_commands:
        _print(commands.obey(proxy, line))
    held = b""
    listening = True
    while True:
        ready, _, _ = select.select([0] if listening else [], [], [], 1)
        if not ready:
            continue
        data = os.read(0, 4096)
        # When nothing more can come, as with nohup, the proxy goes on until a signal.
        listening = bool(data)
        *lines, held = (held + data).split(b"\n")
        for line in lines:
            text = line.decode("utf-8", "replace").strip()
            if text == "quit":
                return
            if text:
                _obey(proxy, text)


def _obey(proxy, text):
    try:
        _print(commands.obey(proxy, text))
    except ValueError as error:
        _print(f"not done: {error}")


def _print(text):
    print(text, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the proxy; return the exit status: 0 stopped, 1 trouble, 2 wrong usage."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    if parsed.ca_file and not parsed.tls:
        parser.error("--ca-file needs --tls")
    # SIGTERM ends the proxy as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    certificates = Certificates(*(parsed.name or ())) if parsed.tls else None
    proxy = FaultProxy(parsed.target, parsed.port, parsed.host, parsed.tls, certificates)
    try:
        if parsed.ca_file:
            parsed.ca_file.write_bytes(proxy.ca_pem)
        with proxy:
            _print(f"{proxy.address} -> {parsed.target[0]}:{parsed.target[1]}")
            _serve(proxy, parsed.do)
    except KeyboardInterrupt:
        pass
    except (OSError, ValueError) as error:
        print(f"The fault proxy does not run: {error}", file=sys.stderr)
        return 1
    _print("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
