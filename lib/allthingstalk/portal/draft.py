"""What was typed: checked with the board's own code, made into settings, written to flash."""

import json
import os

from ..board import safe_mode
from ..board.settings import Settings, SettingsError, read
from ..exceptions import CertificateException
from ..overlay import Overlay

# Fields of the form; the page never shows again what SECRETS hold.
FIELDS = ("ssid", "key", "device", "token", "ca", "api", "mqtt")
SECRETS = ("key", "token")
_CA = "/ca.der"


class Draft:
    """Settings in the making: those of the board at first, then what the form says.

    - `fields`: {field: text}; `errors`: {field: what is wrong with it}.
    - `has_root`: whether the board has a root certificate already.
    """

    def __init__(self, path):
        self._path = path
        self._saved = saved = _valid(path)
        network = (saved.get("wifi") or [["", ""]])[0]
        mqtt = saved.get("mqtt", "")
        self.fields = {
            "ssid": network[0],
            "key": network[1] or "",
            "device": saved.get("device", ""),
            "token": saved.get("token", ""),
            "ca": "",
            "api": saved.get("api", ""),
            "mqtt": "false" if mqtt is False else mqtt,
        }
        self._endpoint = self._where()
        self.errors = {}
        self.has_root = "ca" in saved or bool(_roots(None))

    def _where(self):
        return self.fields["api"], self.fields["mqtt"]

    def take(self, form):
        """Take what a form says; secrets that it leaves empty stay, where they still belong."""
        before, where = self.fields, self._where()
        self.fields = now = {}
        for field in FIELDS:
            now[field] = form.get(field, "")
            if field not in ("ssid", "key"):  # of these, blanks may be a part
                now[field] = now[field].strip()
        now["ssid"] = now["ssid"] or form.get("other", "")
        if not now["key"] and now["ssid"] == before["ssid"]:
            now["key"] = before["key"]
        # Nobody gets at a token by naming an endpoint of his own.
        if not now["token"] and self._where() == where:
            now["token"] = before["token"]
        now["ca"] = now["ca"] or before["ca"]
        self.errors = {}
        for field in FIELDS:
            try:
                _check(field, now[field])
            except ValueError as e:
                self.errors[field] = str(e)
                if field in SECRETS:
                    now[field] = ""

    def values(self):
        """Return the keys of settings.json, with the one network that was chosen."""
        fields, values = self.fields, self._saved.copy()
        if self._where() != self._endpoint:
            for key in ("api", "http", "mqtt"):
                values.pop(key, None)
            for key in ("api", "mqtt"):
                if fields[key]:
                    values.update(_keys(key, fields[key]))
        for key in ("device", "token", "ca"):
            if fields[key]:
                values[key] = fields[key]
        values["wifi"] = [[fields["ssid"], fields["key"] or None]]
        return values

    def save(self):
        """Write the root certificate, where one was given, and the settings. Raises OSError.

        Networks that the board knew before stay, behind the one that was chosen.
        """
        values = self.values()
        for network in self._saved.get("wifi") or ():
            if network[0] != self.fields["ssid"]:
                values["wifi"].append(network)
        if self.fields["ca"]:
            values.pop("ca")
            _write(_CA, b"".join(_roots(self.fields["ca"])))
        _write(self._path, json.dumps(values).encode())
        safe_mode.forget()


def _valid(path):
    """Return the keys of a settings file, none where it is missing or invalid."""
    try:
        values = read(path)
        Settings(values)
        return values
    except SettingsError:
        return {}


def _check(field, text):
    """Raise ValueError, in words for the page, for what a field must not hold."""
    if field in ("device", "token") and not text:
        raise ValueError("It is missing: copy it from the device's settings on the platform.")
    if field == "ssid" or text and field != "ca":
        try:
            values = {"token": "x", "device": "x"}
            values.update(_keys(field, text))
            settings = Settings(values, "")
            if field in ("api", "mqtt"):
                settings.client(log=None)
        except ValueError as e:
            raise ValueError(_for_a_person(str(e)))
    elif text and not _roots(text):
        raise ValueError("No certificate in PEM: paste it with its BEGIN and END lines.")


def _for_a_person(text):
    """Return the text of a settings' error without the names that only settings.json has."""
    text = text.split('; ""')[0].replace("Wi-Fi network 1: ", "")
    for verb in (" is ", " has "):
        before, verb, behind = text.partition(verb)
        if verb and len(before) < 20:
            return "It" + verb + behind
    return text


def _keys(field, text):
    """Return the keys of settings.json that a field means."""
    if field == "ssid":
        return {"wifi": [[text, None]]}
    if field == "key":
        return {"wifi": [["x", text]]}
    return {field: False if (field, text) == ("mqtt", "false") else text}


def _roots(ca):
    """Return the roots of `ca`, of the board's file for None; none where they cannot be read."""
    with Overlay("connect"):
        from ..connect.roots import roots

        try:
            return [der for der in roots(ca) if der]
        except CertificateException:
            return []


def _write(path, data):
    """Write a file so that a power cut leaves the old one or the new one."""
    with open(path + ".new", "wb") as f:
        f.write(data)
    os.rename(path + ".new", path)
