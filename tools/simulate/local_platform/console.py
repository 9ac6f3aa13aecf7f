"""The small commands: they ask the running platform over REST, with the token of its ground."""

import http.client
import json
import os
import pathlib
import ssl
import urllib.error
import urllib.parse
import urllib.request

from . import listening
from .payloads import shown
from .settings import settings_json

DEFAULT_DB = pathlib.Path("build", "platform.db")
DEMO_DB = pathlib.Path("build", "run", "platform.db")  # that of `make run`
TIMEOUT_S = 10


class Trouble(Exception):
    """What went wrong, in a sentence for the user."""


def create_device(arguments) -> None:
    """Create a device; print its id and token, and print or write its settings.json."""
    found = _find(arguments)
    path = arguments.settings
    if path and path.exists() and not arguments.overwrite:
        raise Trouble(
            f"{path} is there already, perhaps with the token of another device."
            " Move it away, or write over it: make device DEVICE_OPTIONS=--overwrite"
        )
    body = {"title": arguments.title, "name": arguments.title}
    device = _ask(found, "POST", f"/ground/{found.ground}/devices", body)
    print(f"device {device['id']}")
    print(f"token  {device['token']}")
    if not path:
        print("For settings.json, with your Wi-Fi added:")
        print(settings_json(found, device["id"], device["token"]))
        return
    try:
        with open(path, "w", encoding="utf-8", opener=_for_this_user) as file:
            file.write(settings_json(found, device["id"], device["token"], indent=1) + "\n")
    except OSError as error:
        raise Trouble(f"{path} cannot be written: {error.strerror}.") from error
    print(f"{path} is written; a real board needs your Wi-Fi's name and password in it")


def _for_this_user(path, flags):
    return os.open(path, flags, 0o600)


def devices(arguments) -> None:
    """Print a line for each device: id, number of assets, title."""
    found = _find(arguments)
    for device in _ask(found, "GET", f"/ground/{found.ground}/devices"):
        print(f"{device['id']}  {len(device['assets'])} assets  {shown(device['title'])}")


def ground(arguments) -> None:
    """Print the ground's id and token, which a client needs to create devices."""
    found = _find(arguments)
    print(f"ground {found.ground}")
    print(f"token  {found.ground_token}")


def states(arguments) -> None:
    """Print a line for each asset of a device: name, value, time."""
    found = _find(arguments)
    for asset in _ask(found, "GET", f"/device/{_device(found, arguments)}/assets"):
        state = asset["state"]
        text = f"{shown(state['value'])}  at {state['at']}" if state else "never set"
        print(f"{asset['name']} = {text}")


def send(arguments) -> None:
    """Send a command or an event to an asset of a device, or set its state as the device would."""
    if not arguments.ASSET or not arguments.VALUE:
        raise Trouble(
            f"Name an asset and a value: make {arguments.command} ASSET=led VALUE=true;"
            " an empty text is VALUE='\"\"'"
        )
    found = _find(arguments)
    try:
        value = json.loads(arguments.VALUE)
    except ValueError:
        value = arguments.VALUE
    path = f"/device/{_device(found, arguments)}/asset/{_quoted(arguments.ASSET)}"
    message = _ask(found, "PUT", f"{path}/{arguments.command}", {"value": value})
    print(f"{arguments.command} {arguments.ASSET} = {shown(message['value'])}  at {message['at']}")


def fault(arguments) -> None:
    """Switch a fault on, or off, or all of them off; then print what is on."""
    found = _find(arguments)
    path = f"/ground/{found.ground}/faults"
    name, value = arguments.NAME, arguments.VALUE
    if name is None:
        active = _ask(found, "GET", path)
    elif name == "off":
        active = _ask(found, "DELETE", path)
    elif value == "off":
        active = _ask(found, "DELETE", f"{path}?name={_quoted(name)}")
    else:
        body = {"name": name, "value": value, "count": arguments.count}
        active = _ask(found, "PUT", path, body)
    for active_name, details in active.items():
        set_value = "" if details["value"] is None else f" {details['value']}"
        times = "always" if details["count"] is None else f"{details['count']} times"
        print(f"{active_name.replace('_', '-')}{set_value}  {times}")
    if not active:
        print("no faults")


def abcl(arguments) -> None:
    """Tell the platform the layout of a device's binary states, or that it has none."""
    definition = None
    if arguments.FILE != "off":
        try:
            with open(arguments.FILE, encoding="utf-8") as file:
                definition = json.load(file)
        except OSError as error:
            raise Trouble(f"{arguments.FILE} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise Trouble(f"{arguments.FILE} is no JSON: {error}.") from error
    _ask(_find(arguments), "PUT", f"/device/{_quoted(arguments.DEVICE)}/abcl", definition)
    print("abcl off" if definition is None else f"abcl {len(definition['sense'])} assets")


def _device(found, arguments):
    """Return the id of the device that is meant; "-" is that of settings.json, or the only one."""
    if arguments.DEVICE != "-":
        return _quoted(arguments.DEVICE)
    there = {one["id"]: one for one in _ask(found, "GET", f"/ground/{found.ground}/devices")}
    try:
        with open("settings.json", encoding="utf-8-sig") as file:
            named = json.load(file).get("device")
    except (OSError, ValueError, AttributeError):
        named = None
    if named in there:
        return named
    if len(there) == 1:
        return next(iter(there))
    if not there:
        raise Trouble("The platform has no device yet: make device")
    listed = "".join(f"\n  {one['id']}  {shown(one['title'])}" for one in there.values())
    raise Trouble(f"Which device? Add DEVICE= and an id of these:{listed}")


def _quoted(text):
    return urllib.parse.quote(text, safe="")


def _find(arguments):
    for db in (arguments.db, DEMO_DB) if arguments.db == DEFAULT_DB else (arguments.db,):
        if found := listening.read(db):
            return found
    raise Trouble(
        f"No local platform runs with {arguments.db}."
        " Start one in another terminal: make platform, or"
        " .venv/bin/python -m tools.simulate.local_platform serve"
    )


def _ask(found, method, path, body=None):
    """Return what the running platform answers."""
    request = urllib.request.Request(
        found.http + path,
        method=method,
        data=json.dumps(body).encode() if method in ("PUT", "POST") else None,
        headers={
            "Authorization": f"Bearer {found.ground_token}",
            "Content-Type": "application/json",
        },
    )
    # A proxy of the user's environment has no business with a server on this machine.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(
            context=ssl.create_default_context(cadata=found.roots_pem or None)
        ),
    )
    try:
        with opener.open(request, timeout=TIMEOUT_S) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise Trouble(f"The platform refuses: {_reason(error)}.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Trouble(
            f"The local platform at {found.http} does not answer ({error})."
            " Start it again: .venv/bin/python -m tools.simulate.local_platform serve"
        ) from error


def _reason(error):
    try:
        return json.load(error)["error"]
    except (OSError, ValueError, KeyError, TypeError):
        return f"HTTP {error.code}"
