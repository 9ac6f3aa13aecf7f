"""The small commands: they ask the running platform over REST, with the token of its ground."""

import http.client
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request

from . import listening
from .payloads import shown

TIMEOUT_S = 10


class Trouble(Exception):
    """What went wrong, in a sentence for the user."""


def create_device(arguments) -> None:
    """Create a device; print its id, its token and its settings.json."""
    found = _find(arguments)
    body = {"title": arguments.title, "name": arguments.title}
    device = _ask(found, "POST", f"/ground/{found.ground}/devices", body)
    print(f"device {device['id']}")
    print(f"token  {device['token']}")
    client = {
        "token": device["token"],
        "api": found.http,
        "mqtt": found.mqtt if "://" in found.mqtt else f"mqtt://{found.mqtt}",
    }
    if found.roots_pem:
        client["ca"] = found.roots_pem
    print("For settings.json, with your Wi-Fi added:")
    print(json.dumps({**client, "device": device["id"], "wifi": [["name", "password"]]}))


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
    for asset in _ask(_find(arguments), "GET", f"/device/{_quoted(arguments.DEVICE)}/assets"):
        state = asset["state"]
        text = f"{shown(state['value'])}  at {state['at']}" if state else "never set"
        print(f"{asset['name']} = {text}")


def send(arguments) -> None:
    """Send a command or an event to an asset of a device."""
    try:
        value = json.loads(arguments.VALUE)
    except ValueError:
        value = arguments.VALUE
    path = f"/device/{_quoted(arguments.DEVICE)}/asset/{_quoted(arguments.ASSET)}"
    message = _ask(_find(arguments), "PUT", f"{path}/{arguments.command}", {"value": value})
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


def _quoted(text):
    return urllib.parse.quote(text, safe="")


def _find(arguments):
    found = listening.read(arguments.db)
    if found is None:
        raise Trouble(
            f"No local platform runs with {arguments.db}."
            " Start one in another terminal:"
            " .venv/bin/python -m tools.simulate.local_platform serve"
        )
    return found


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
