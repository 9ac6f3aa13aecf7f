"""Gives a board its settings: Wi-Fi, token, device id, endpoint, and roots for verified TLS.

    python -m tools.board.provision                        asks; Enter keeps what the board has
    python -m tools.board.provision --from settings.json   takes a file like the board's, or a .env
    python -m tools.board.provision --keep --wifi office   changes one thing of what the board has

A file or the environment holds the same keys: ALLTHINGSTALK_TOKEN, _DEVICE, _API, _HTTP, _MQTT,
_WIFI (JSON: [["name", "password"]]), _HOSTNAME, _COUNTRY, _OUTBOX, _TIME_SERVERS (with commas).
Arguments come before the environment, that before the file, that before the board's own settings.
Token and passwords are never arguments. Everything is checked before anything is written: by the
code that the board runs, then against the platform, from this PC, step by step.

Roots: of those that this PC trusts the board gets the ones that its endpoints lead to today. What
it has already of the same platform and is good stays beside them, so that a platform that changes
its root strands nobody. With --ca FILE it gets the roots of that file and no others: all of them,
for the next one may be among them, or those needed where they are too many for a board.
"""

import argparse
import os
import sys
from pathlib import Path

from tools.board import (
    certificates,
    checked_settings,
    doctor,
    given_settings,
    ports,
    roots_for_board,
    serial_link,
    settings_on_board,
)
from tools.board.text_files import InputError
from tools.build import library

library.use(engines_too=True)

from allthingstalk import doctor as steps  # noqa: E402
from allthingstalk.board.settings import Settings  # noqa: E402

_OFFLINE = """NOT CHECKED against the platform: --offline.
  A wrong token, device id or endpoint will show on the board only; make doctor finds it."""


class ProvisionError(ValueError):
    """Nothing was written; the text says why and what to do."""


def check_with_platform(values, trusted, say=print):
    """Look at every step from this PC, with the board's roots only. Raises ProvisionError."""
    ca = roots_for_board.as_pem(trusted)
    failed = doctor.on_pc({**values, **({"ca": ca} if ca else {})}, say=say)
    if failed:
        raise ProvisionError(
            f"the step {steps.STEPS[failed - 1]} failed. Nothing was written; --offline writes "
            "without asking the platform"
        )


def same_platform(of_board, places):
    """Return whether settings of a board have one of the hosts of `places`."""
    try:
        of_board = checked_settings.check(of_board or {}).tls
    except InputError:
        return False
    return bool({host for host, _ in of_board} & {host for host, _ in places})


def provision(args, environ=os.environ, say=print):
    """Do it all, as the arguments say; `say` gets the lines. Raises an Error of these tools."""
    terminal = sys.stdin.isatty() and not args.token_stdin
    given, origins = given_settings.from_file(args.file) if args.file else ({}, {})
    of_environment = given_settings.from_environment(environ)
    given |= of_environment
    origins |= {key: given_settings.PREFIX + key.upper() for key in of_environment}
    port = ports.find(args.port)
    of_board, ca_on_board = settings_on_board.read(port)
    if of_board:
        say(f"board     {port} holds {shown(of_board)}")
    if args.keep:
        if not of_board:
            raise ProvisionError(f"--keep: the board at {port} has no settings to keep")
        given = {**of_board, **given}
    known = {**passwords(of_board or {}), **passwords(given)}
    of_arguments = given_settings.from_arguments(args, known, terminal)
    values = {**given, **of_arguments}
    origins |= {key: given_settings.OPTIONS.get(key, "--" + key) for key in of_arguments}
    if terminal and not {"token", "device"} <= set(values):
        values = given_settings.ask_for(values, of_board or {}, checked_settings.check_one)
    if values.pop("ca", None):
        say(f"ca        left out: the root goes to {settings_on_board.ROOTS}, where it is found")
    settings, places, _ = checked_settings.check(values, places=origins)
    say(f"settings  {settings}")
    if not settings.networks:
        say("Wi-Fi     no network: the program has to bring up its own")
    authorities = certificates.read(args.ca, say) if args.ca else None
    if authorities and not places:
        say("--ca      not used: the settings ask for plain text")
    on_board = roots_for_board.on_board(ca_on_board, say)
    if args.offline:
        written_roots = roots_for_board.offline(places, authorities, on_board, say)
        say(_OFFLINE)
    else:
        chosen = roots_for_board.find(places, authorities, say) if places else []
        if authorities:
            others, why = authorities, f"of {args.ca.name}: no endpoint leads there today"
        else:
            others = on_board if same_platform(of_board, places) else []
            why = "which the board has, stays: no endpoint leads there today"
        written_roots = roots_for_board.together(chosen, others, why, say) if chosen else []
        check_with_platform(values, written_roots or authorities, say)
        if places and not written_roots:
            raise ProvisionError("the root could not be found, see above. Nothing was written")
    data = certificates.as_der(written_roots)
    # Values that wait for another device would go there with a token that may not.
    stale = []
    if of_board and of_board.get("device") != settings.device and of_board.get("outbox"):
        stale = [of_board["outbox"]]
    written = settings_on_board.write(port, values, data, not args.no_reset, stale)
    for name, size in written:
        say(f"written   {name}, {size} bytes")
    for name in stale:
        say(f"removed   {name}, with the values that waited for device {of_board['device']}")
    if not args.no_reset:
        say("the board starts anew; make doctor tells whether it goes on line")


def passwords(values):
    """Return {network: password} of settings that are not checked yet."""
    networks = values.get("wifi")
    pairs = networks if isinstance(networks, list) else []
    return dict(n for n in pairs if isinstance(n, list) and len(n) == 2 and isinstance(n[0], str))


def shown(values):
    """Return a board's settings without their secrets."""
    try:
        return repr(Settings(values))
    except ValueError as e:
        return f"settings that cannot be used: {e}"


class _Secret(argparse.Action):
    """Says why there is no such argument."""

    def __call__(self, parser, namespace, value, option=None):
        parser.error(
            f"{option} is no argument: every user of this PC could read it in the process list. "
            "Use --from FILE, ALLTHINGSTALK_TOKEN, --token-stdin, or answer when asked; a secret "
            "that stood in an argument is best replaced"
        )


class _Network(argparse.Action):
    """--wifi and --open-wifi share a list: the order is that in which the board tries them."""

    def __call__(self, parser, namespace, name, option=None):
        networks = [*(namespace.networks or ()), (name, option == "--open-wifi")]
        namespace.networks = networks


def parser():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--token", "--password", action=_Secret, help=argparse.SUPPRESS)
    parser.add_argument("--port", help="serial port of the board (the one that is plugged in)")
    parser.add_argument("--from", dest="file", metavar="FILE", help="a settings.json or .env file")
    parser.add_argument("--keep", action="store_true", help="begin with the board's settings")
    parser.add_argument("--device", metavar="ID", help="id of the device")
    parser.add_argument("--token-stdin", action="store_true", help="first line of standard input")
    for option, text in (
        ("--wifi", "a network to join, may be repeated; its password is asked for"),
        ("--open-wifi", "one without a password"),
    ):
        parser.add_argument(option, dest="networks", metavar="NAME", action=_Network, help=text)
    parser.add_argument("--api", help="endpoint of REST and MQTT (api.allthingstalk.io)")
    parser.add_argument("--http", help="endpoint of REST, if another")
    parser.add_argument("--mqtt", help="endpoint of MQTT, if another; false: none")
    parser.add_argument("--hostname", help="name of the board in its network")
    parser.add_argument("--country", help="of the Wi-Fi, two letters")
    parser.add_argument("--outbox", metavar="FILE", help="on the board, for values that wait")
    parser.add_argument(
        "--time-server", dest="time_servers", action="append", metavar="HOST", help="for the clock"
    )
    parser.add_argument("--ca", type=Path, help="file of the platform's own roots, PEM or DER")
    parser.add_argument("--offline", action="store_true", help="do not ask the platform")
    parser.add_argument("--no-reset", action="store_true", help="leave the board at its prompt")
    return parser


def main():
    try:
        provision(parser().parse_args())
    except (
        ports.PortError,
        serial_link.LinkError,
        InputError,
        settings_on_board.BoardError,
        doctor.DoctorError,
        certificates.RootError,
        ProvisionError,
    ) as e:
        sys.exit(f"provision: {e}")
    except KeyboardInterrupt:
        sys.exit("\nprovision: stopped; each file on the board is as it was, or new")


if __name__ == "__main__":
    main()
