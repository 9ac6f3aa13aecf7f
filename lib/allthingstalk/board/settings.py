"""The board's settings: settings.json, written by `make provision`. Secrets are never printed.

from allthingstalk.board.settings import load

settings = load()
board = Board(client=settings.client(), id=settings.device)
"""

from ..overlay import Overlay

PATH = "settings.json"  # in the current folder: "/" on a board

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


class SettingsError(ValueError):
    """The settings are missing or invalid; the text says what to do."""


class Settings:
    """Validated settings; `repr()` masks the secrets.

    - `values`: dict of the keys of settings.json.
    - `place`: where they come from, for the text of errors.

    Attributes: `device` (the device's id), `networks` (Wi-Fi networks as (name, password)),
    `time_servers` (NTP servers, None for the default ones).

    Raises SettingsError for an unknown key, a missing one, or an invalid value.
    """

    def __init__(self, values, place="the settings"):
        if not isinstance(values, dict):
            raise SettingsError("%s: not an object with keys, but %s" % (place, type(values)))
        for key in values:
            takes = _CLIENT.get(key) or _WIFI.get(key) or _OTHER.get(key)
            if not takes:
                keys = sorted(list(_CLIENT) + list(_WIFI) + list(_OTHER))
                raise SettingsError("%s: no key '%s'; there are %s" % (place, key, " ".join(keys)))
            value = values[key]
            # On CPython bool is a subclass of int, but no number of seconds.
            if not isinstance(value, takes) or (isinstance(value, bool) and bool not in takes):
                raise _wrong_type(place, key)
            if value == "" or (key != "mqtt" and value is False):
                do = "run make provision" if key in ("token", "device") else "leave it out"
                raise SettingsError("%s: '%s' is empty; %s" % (place, key, do))
        for key in ("token", "device"):
            if key not in values:
                raise SettingsError("%s: '%s' is missing; run make provision" % (place, key))
            _check_word(values[key], key, place)
        if ":" in values["device"]:
            raise SettingsError("%s: the device id has a ':'; is it the token?" % place)
        self.device = values["device"]
        self.time_servers = values.get("time_servers")
        self.networks = []
        for network in values.get("wifi", ()):
            if not isinstance(network, list) or len(network) != 2:
                raise _wrong_type(place, "wifi")
            self.networks.append(tuple(network))
        self._client = dict([(key, values[key]) for key in _CLIENT if key in values])
        self._wifi = dict([(key, values[key]) for key in _WIFI if key in values])
        if "country" in values and len(values["country"]) != 2:
            raise SettingsError("%s: country is two letters, such as BE" % place)
        if "address" in values:
            if len(values["address"]) != 4:
                raise SettingsError('%s: address is ["address", "mask", "gateway", "DNS"]' % place)
            self._wifi["address"] = tuple(values["address"])
        if self._client.get("mqtt") is True:
            raise SettingsError("%s: mqtt is an endpoint, or false" % place)

    def client(self, **options):
        """Return a Client with these settings; `options`: further keywords of Client, which win.

        Raises ValueError or TypeError as Client does.
        """
        from ..clients import Client

        values = self._client.copy()
        values.update(options)
        return Client(**values)

    def wifi(self, **options):
        """Return a WiFi with these settings; `options`: further keywords of WiFi, which win.

        None without networks: the program then brings up the network itself. Raises ValueError
        as WiFi does, ImportError on a PC.
        """
        if not self.networks:
            return None
        from .wifi import WiFi

        values = self._wifi.copy()
        values.update(options)
        return WiFi(self.networks, **values)

    def __repr__(self):
        shown = self._client.copy()
        shown.update(self._wifi)
        shown["token"] = masked(shown["token"])
        shown["device"] = self.device
        if self.time_servers:
            shown["time_servers"] = self.time_servers
        shown["wifi"] = [(name, password and "***") for name, password in self.networks]
        return "Settings(%s)" % ", ".join(["%s=%r" % (key, shown[key]) for key in sorted(shown)])


def load(path=PATH):
    """Return the Settings in the file `path`. Raises SettingsError if missing or invalid."""
    try:
        with open(path, "rb") as f:
            text = f.read()
    except OSError:
        raise SettingsError("there is no %s: run make provision" % path)
    try:
        with Overlay("utf8"):
            from ..utf8 import loads

            values = loads(text[3:] if text[:3] == b"\xef\xbb\xbf" else text)  # a PC's editor
    except ValueError:
        raise SettingsError("%s is not JSON: run make provision, or correct it by hand" % path)
    return Settings(values, path)


def masked(token):
    """Return a token with all but its kind masked, such as "maker:***"."""
    kind, colon, _ = token.partition(":")
    return kind + ":***" if colon else "***"


def _wrong_type(place, key):
    form = ""
    if key == "wifi":
        form = '; it is [["name", "password"], ...], the password "" or null for an open network'
    return SettingsError("%s: '%s' has the wrong type%s" % (place, key, form))


def _check_word(text, key, place):
    if min(text) <= " " or max(text) > "~":
        raise SettingsError(
            "%s: '%s' has blanks or other characters that it cannot have; copy it again from the "
            "platform" % (place, key)
        )
