"""Says on this PC what a board would say of its settings, and gives the bytes that go onto it.

`provision`, `image` and `doctor` take settings from files, tables, variables and people; all of
them go through `check`, which makes the board's own Settings, WiFi and Client of them.
"""

import contextlib
import math
import posixpath
import sys
import types
from typing import NamedTuple

from tools.board import settings_on_board, text_files
from tools.board.text_files import InputError
from tools.build import library

library.use()

from allthingstalk.board.settings import Settings, SettingsError  # noqa: E402

_OTHERWISE_GOOD = {"token": "maker:x", "device": "x"}
_FREE_TEXTS = ("client_id", "outbox", "digest")
_FILES = ("outbox", "digest")
_TAKEN = (
    "settings.json",
    "main.py",
    "boot.py",
    "pins.py",
    "ca.der",
    "deployed.json",
    "lib",
    "setup_password",
    "",
)


class Checked(NamedTuple):
    """Settings that a board takes."""

    settings: Settings
    tls: list  # (host, port) of the endpoints that it reaches over TLS
    data: bytes  # of its settings.json


def check(values, place="the settings", places=None):
    """Return the Checked of the keys of settings.json. Raises InputError.

    - `place`: where they are from, for the text of errors.
    - `places`: {key: where it is from}, as far as that is known more exactly.
    """
    try:
        return _checked(values, place)
    except InputError:
        for key, more_exactly in (places or {}).items():
            if key in values:
                check_one(key, values[key], more_exactly)
        raise


def check_one(key, value, place="not taken"):
    """Refuse a value that a board would not take, whatever the others are. Raises InputError."""
    _checked({**_OTHERWISE_GOOD, key: value}, place)


def _checked(values, place):
    try:
        for key, value in values.items() if isinstance(values, dict) else ():
            _check_json(key, value)
        settings = Settings(values, place)
        client = settings.client(outbox=None, digest=None, log=None)
        with _module_network():
            settings.wifi(log=None)
    except SettingsError as e:
        raise InputError(str(e)) from None  # it names the place
    except (ValueError, TypeError) as e:
        raise InputError(f"{place}: {e}") from None
    tls = []
    for endpoint in (client.http, client.mqtt):
        if endpoint and "s://" in endpoint:
            host, port = endpoint.split("://")[1].rsplit(":", 1)
            tls.append((host.strip("[]"), int(port)))
    return Checked(settings, tls, settings_on_board.as_json(values))


def _check_json(key, value):
    """Refuse what CPython's JSON lets pass, and a file on a board cannot hold."""
    name = text_files.shown(key)
    for part in _parts(value) | {key}:
        if isinstance(part, float) and not math.isfinite(part):
            raise InputError(
                f"'{name}' is not a number that JSON knows: NaN, Infinity or too large"
            )
        if isinstance(part, str) and any("\ud800" <= character <= "\udfff" for character in part):
            raise InputError(
                f"'{name}' has half a character, such as \\ud83d without its other half, or bytes "
                "that are not UTF-8: write the character itself"
            )
        if key in _FILES and isinstance(part, str):
            path = posixpath.normpath("/" + part).lstrip("/").lower()
            if path.split("/")[0] in _TAKEN:
                raise InputError(
                    f"'{name}' is a file of the board's own, which would be lost: take another "
                    f"name, such as /{name}"
                )
        if key in _FREE_TEXTS and isinstance(part, str) and not part.isprintable():
            raise InputError(f"'{name}' has a control character, such as a line break")


def _parts(value):
    """Return the set of all texts and numbers in a value."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        return set().union(*map(_parts, value))
    return {value}


@contextlib.contextmanager
def _module_network():
    """Let there be as much of a board's module `network` as making a WiFi takes.

    Not for longer: the doctor asks for it to find out whether it is on a board.
    """
    network = types.ModuleType("network")
    network.STA_IF = 0
    network.WLAN = network.country = network.hostname = lambda _: None
    before = sys.modules.get("network")
    sys.modules["network"] = network
    try:
        yield
    finally:
        if before:
            sys.modules["network"] = before
        else:
            del sys.modules["network"]
