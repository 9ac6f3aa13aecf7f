"""Checks the keys of settings.json and their values."""

from .wifi_options import NO_ENTERPRISE, checked_interface, checked_networks

_TEXT = (str,)
_NUMBER = (int, float)
# Key -> accepted types. The keys of _CLIENT are keywords of Client, those of _WIFI of WiFi.
_CLIENT = {
    "token": _TEXT,
    "api": _TEXT,
    "http": _TEXT,
    "mqtt": (str, bool),
    "ca": _TEXT,
    "ground": _TEXT,
    "client_id": _TEXT,
    "keepalive": _NUMBER,
    "timeout": _NUMBER,
    "outbox": _TEXT,
    "digest": _TEXT,
}
_WIFI = {"hostname": _TEXT, "country": _TEXT, "address": (list,)}
_OTHER = {"device": _TEXT, "wifi": (list,), "time_servers": (list,)}
# Parts of the names that other libraries have for what WPA2-Enterprise takes.
_ENTERPRISE = ("identity", "user", "eap", "enterprise", "phase2")


def checked(values):
    """Return (device id, networks, time servers, keywords of Client, keywords of WiFi).

    `values`: dict of the keys of settings.json. Raises ValueError; no text holds a secret.
    """
    if not isinstance(values, dict):
        raise ValueError("not an object with keys, but %s" % type(values))
    for key in values:
        takes = _CLIENT.get(key) or _WIFI.get(key) or _OTHER.get(key)
        if not takes:
            raise ValueError(unknown(key))
        value = values[key]
        # On CPython bool is a subclass of int, but no number of seconds.
        if not isinstance(value, takes) or (isinstance(value, bool) and bool not in takes):
            raise _wrong_type(key)
        if value == "" or (key != "mqtt" and value is False):
            do = "run make provision" if key in ("token", "device") else "leave it out"
            raise ValueError("'%s' is empty; %s" % (key, do))
    for key in ("token", "device"):
        if key not in values:
            raise ValueError("'%s' is missing; run make provision" % key)
    for key in ("token", "device", "ground"):
        if key in values and not _is_word(values[key]):
            raise ValueError(
                "'%s' has blanks or other characters that it cannot have; copy it again from the "
                "platform" % key
            )
    device = values["device"]
    if ":" in device:
        raise ValueError("the device id has a ':'; is it the token?")
    if "/" in device or "+" in device or "#" in device:  # of a topic
        raise ValueError("'device' has /, + or #; copy the id again from the platform")
    if values.get("mqtt") is True:
        raise ValueError("mqtt is an endpoint, or false")
    client = dict([(key, values[key]) for key in _CLIENT if key in values])
    wifi = dict([(key, values[key]) for key in _WIFI if key in values])
    country, address = checked_interface(
        wifi.get("hostname"), wifi.get("country"), wifi.get("address")
    )
    if country:
        wifi["country"] = country
    if address:
        wifi["address"] = address
    servers = values.get("time_servers")
    for server in servers or ():
        if not _is_server(server):
            raise ValueError("time_servers: each is a name or name:port, as text")
    return device, _networks(values.get("wifi")), servers, client, wifi


def is_enterprise(key):
    """Return whether a key that settings do not have is one of WPA2-Enterprise."""
    return any([part in key.lower() for part in _ENTERPRISE])


def unknown(key):
    """Return what to say of a key that settings do not have."""
    if is_enterprise(key):
        return "'%s': %s" % (key, NO_ENTERPRISE)
    keys = " ".join(sorted(list(_CLIENT) + list(_WIFI) + list(_OTHER)))
    # A token that stands where a key should is not shown.
    return "no key '%s'; there are %s" % ("***" if ":" in key else key, keys)


def _networks(given):
    for network in given or ():
        if not isinstance(network, (list, dict)) or isinstance(network, list) and len(network) < 2:
            raise _wrong_type("wifi")
    return checked_networks(given) if given else []


def _wrong_type(key):
    form = ""
    if key == "wifi":
        form = '; it is [["name", "password"], ...], the password "" or null for an open network'
    return ValueError("'%s' has the wrong type%s" % (key, form))


def _is_word(text):
    raw = text.encode()  # MicroPython interns characters
    return min(raw) > 32 and max(raw) < 127


def _is_server(server):
    if not isinstance(server, str):
        return False
    host, colon, port = server.partition(":")
    if not host or not _is_word(server):
        return False
    return not colon or (port.isdigit() and 0 < int(port) < 65536)
