"""Collects a board's settings for provision: from arguments, environment, a file, or by asking.

Token and passwords come by the environment, a file, standard input or a prompt that shows nothing;
never by an argument, which every user of this PC could read in the process list.
"""

import contextlib
import getpass
import io
import json
import re
import sys

from dotenv.parser import parse_stream

from tools.board import text_files
from tools.board.text_files import InputError
from tools.build import library

library.use()

from allthingstalk.connect import settings_checks  # noqa: E402

PREFIX = "ALLTHINGSTALK_"  # of names in the environment and in .env files
_TEXTS = "token device api http ground client_id hostname country outbox digest".split()
_NUMBERS = "keepalive timeout".split()
_JSON = "wifi address".split()
KEYS = (*_TEXTS, "mqtt", *_NUMBERS, *_JSON, "time_servers")
# The arguments that are not called like the key.
OPTIONS = {"token": "--token-stdin", "wifi": "--wifi", "time_servers": "--time-server"}
# What is asked for, and what the board does without an answer; None where it needs one.
_QUESTIONS = (
    ("token", "Token of the device (it is not shown)", None),
    ("device", "Id of the device", None),
    ("wifi", None, None),
    ("api", "Endpoint", "api.allthingstalk.io"),
    ("hostname", "Host name of the board", "the firmware's"),
    ("country", "Country of the Wi-Fi, two letters", "the firmware's"),
    ("outbox", "File for values that wait, such as /outbox", "in RAM only"),
    ("time_servers", "Time servers, with commas between", "the usual ones"),
)
_LINE_END = re.compile(r"\r\n|\n|\r")
_BLANK_LINES = re.compile(r"\s*")
_ENDPOINTS = ("api", "http", "mqtt")
_NONE = "-"  # the answer that what the board has is to go


def from_file(path):
    """Return the settings in a settings.json or .env file: (dict, {key: where it is}).

    Raises InputError.
    """
    text = text_files.read(path)
    if text.lstrip().startswith("{"):
        return text_files.json_object(text, path)
    found, places = _variables(text, path)
    if not found:
        raise InputError(f"{path}: neither JSON nor lines such as {PREFIX}DEVICE=…")
    return found, places


def _variables(text, path):
    """Return the settings in the lines of a .env file as `from_file` does."""
    found, places = {}, {}
    for binding in parse_stream(io.StringIO(text)):
        blank = _BLANK_LINES.match(binding.original.string)[0]
        place = f"{path}, line {binding.original.line + len(_LINE_END.findall(blank))}"
        if binding.error:
            raise InputError(f"{place}: not NAME=value; is a quote not closed?")
        name = binding.key or ""
        if not name.startswith(PREFIX):
            continue
        key = _key(name)
        if key not in KEYS:
            raise InputError(f"{place}: {_unknown(name)}")
        if key in places:
            raise InputError(f"{place}: {name} is there twice")
        places[key] = place
        if binding.value:
            found[key] = _value(name, binding.value, f"{place}: ")
    return found, places


def _unknown(name):
    key = _key(name)
    if settings_checks.is_enterprise(key):
        return settings_checks.unknown(key)
    names = " ".join(PREFIX + key.upper() for key in KEYS)
    return f"there is no {text_files.shown(name)}; there are {names}"


def _key(name):
    return name[len(PREFIX) :].lower()


def from_environment(environ, place=""):
    """Return the settings among variables such as ALLTHINGSTALK_TOKEN. Raises InputError.

    `place`: where they are from, for its text.
    """
    return {
        _key(name): _value(name, text, place)
        for name, text in environ.items()
        if name.startswith(PREFIX) and _key(name) in KEYS and text
    }


def _value(name, text, place=""):
    key = _key(name)
    try:
        if key in _JSON:
            return json.loads(text)
        if key in _NUMBERS:
            return int(text)
    except (ValueError, RecursionError):
        wifi = '[["name", "password"]], the password "" or null for an open network'
        form = wifi if key == "wifi" else "JSON"
        kind = form if key in _JSON else "a whole number"
        raise InputError(f"{place}{name} is not {kind}") from None
    if key == "time_servers":
        return [server.strip() for server in text.split(",") if server.strip()]
    if key == "mqtt" and text.lower() in ("false", "true"):
        return text.lower() == "true"  # which Settings refuses, and not a server of that name
    return text


def from_arguments(args, known, ask):
    """Return the settings among the arguments.

    - `known`: Wi-Fi networks of file, environment and board, for passwords of those that --wifi
      only names.
    - `ask`: whether somebody is there to be asked for a password.

    Raises InputError.
    """
    values = {key: getattr(args, key) for key in KEYS if getattr(args, key, None) is not None}
    if "mqtt" in values:
        values["mqtt"] = _value(PREFIX + "MQTT", values["mqtt"])
    if args.token_stdin:
        values["token"] = sys.stdin.readline().strip()
        if not values["token"]:
            raise InputError("--token-stdin: nothing came on standard input")
    networks = []
    for name, is_open in args.networks or ():
        if is_open:
            networks.append([name, None])
        elif name in known:
            networks.append([name, known[name]])
        elif ask:
            networks.append([name, _secret(f"Password of {name} (Enter: open)")])
        else:
            raise InputError(
                f"no password for the network {name}: put it into {PREFIX}WIFI or a file (--from), "
                "or run this at a terminal; --open-wifi names one without"
            )
    if networks:
        values["wifi"] = networks
    return values


def ask_for(values, of_board, check):
    """Ask at the terminal for what is not in `values`; return all settings. Raises InputError.

    - `of_board`: settings that the board has, which stay where nothing else is said.
    - `check(key, value)`: raises ValueError where a board would not take the value; its text is
      shown, and the question is asked again.
    """
    values, kept = dict(values), {}
    for key, value in of_board.items():
        with contextlib.suppress(ValueError):
            check(key, value)
            kept[key] = value
    for key, question, without in _QUESTIONS:
        if key in values or (key == "api" and {"http", "mqtt"} & set(values)):
            continue
        # One answer to the endpoints: to all that the board has.
        had = {k: kept.pop(k) for k in (_ENDPOINTS if key == "api" else (key,)) if k in kept}
        if key == "wifi":
            answer = _networks(had.get(key), check)
        else:
            answer = _answer(key, question + _on_enter(key, had, without), had, without, check)
        if answer is None:
            kept |= had
        elif answer != _NONE:
            values[key] = answer
    return {**kept, **values}


def _on_enter(key, had, without):
    """Return what Enter does, as part of a question."""
    if not had:
        return f" (Enter: {without})" if without else ""
    texts = [", ".join(value) if isinstance(value, list) else str(value) for value in had.values()]
    shown = "as it is" if key == "token" else ", ".join(texts)
    return f" (Enter: {shown}" + (f"; {_NONE}: {without})" if without else ")")


def _answer(key, question, had, without, check):
    """Ask until there is an answer that the board takes; None for Enter."""
    while True:
        text = _secret(question) if key == "token" else _line(question)
        if not text and (had or without):
            return None
        if text == _NONE and without:
            return text
        try:
            if not text:
                raise ValueError("the board needs it")
            value = _value(PREFIX + key.upper(), text)
            check(key, value)
            return value
        except ValueError as e:
            print(f"  {e}")


def _networks(had, check):
    """Ask for Wi-Fi networks until there are no more; return them, None for Enter at once."""
    known = dict(had or ())
    networks = []
    while True:
        on_enter = "no more"
        if had and not networks:
            on_enter = f"{', '.join(known)}; {_NONE}: none"
        name = _line(f"Wi-Fi network {len(networks) + 1} (Enter: {on_enter})")
        if name == _NONE and had and not networks:
            return name
        if not name:
            return networks or None
        network = [name, known.get(name)]
        try:
            check("wifi", [network])
            on_enter = "as it is" if known.get(name) else "open"
            network[1] = _secret(f"Its password (Enter: {on_enter})") or network[1]
            check("wifi", [network])
            networks.append(network)
        except ValueError as e:
            print(f"  {e}")


def _line(question):
    return _asked(input, question).strip()


def _secret(question):
    return _asked(getpass.getpass, question)


def _asked(ask, question):
    try:
        return ask(question + ": ")
    except EOFError:
        raise InputError("the input ended before all was asked") from None
    except UnicodeDecodeError:
        raise InputError(
            "what was typed has a character that this terminal's encoding has not (LANG, LC_ALL): "
            "use another terminal, or a file in UTF-8 (--from)"
        ) from None
