"""The board's settings: settings.json, written by `make provision`.

    from allthingstalk.board.settings import load

    settings = load()
    board = Board(client=settings.client(), id=settings.device)

Secrets are never printed.
"""

from ..overlay import Overlay

PATH = "settings.json"  # in the current folder: "/" on a board


class SettingsError(ValueError):
    """The settings are missing or invalid; the text says what to do."""


class Settings:
    """Validated settings; `repr()` masks the secrets.

    - `values`: dict of the keys of settings.json.
    - `place`: where they come from, for the text of errors.

    Attributes: `device` (the device's id), `networks` (Wi-Fi networks as (name, password), None
    for an open one), `time_servers` (NTP servers, None for the default ones).

    Raises SettingsError for an unknown key, a missing one, or an invalid value.
    """

    def __init__(self, values, place="the settings"):
        with Overlay("connect"):
            from ..connect.settings_checks import checked

            try:
                found = checked(values)
            except ValueError as e:
                raise SettingsError("%s: %s" % (place, e))
        self.device, self.networks, self.time_servers, self._client, self._wifi = found

    def client(self, cls=None, **options):
        """Return a Client with these settings; `options`: further keywords of Client, which win.

        `cls`: its class, aio.Client for one; None for Client. Raises ValueError or TypeError as
        Client does.
        """
        if cls is None:
            from ..clients import Client as cls
        values = self._client.copy()
        values.update(options)
        return cls(**values)

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
    """Return the Settings in the file `path`. Raises SettingsError if it is missing or invalid."""
    return Settings(read(path), path)


def read(path):
    """Return what the file `path` holds. Raises SettingsError if it is missing or no JSON."""
    try:
        with open(path, "rb") as f:
            text = f.read()
    except OSError:
        raise SettingsError("there is no %s: run make provision" % path)
    try:
        with Overlay("utf8"):
            from ..utf8 import loads

            return loads(text[3:] if text[:3] == b"\xef\xbb\xbf" else text)  # a PC's editor
    except ValueError:
        raise SettingsError("%s is not JSON: run make provision, or correct it by hand" % path)


def masked(token):
    """Return `token` with all but its kind masked, such as "maker:***"."""
    kind, colon, _ = token.partition(":")
    return kind + ":***" if colon else "***"
