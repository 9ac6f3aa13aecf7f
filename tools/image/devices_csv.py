"""Reads devices.csv: a row for each board, from which image makes its settings.json.

Columns: token and device; where wanted wifi (the network's name) and password, and any other key of
settings.json that takes text or a number (api, mqtt, outbox, keepalive ...). An empty cell leaves
its key out; without a password a network is open. All rows are checked, by the code that checks
them on the board, before any is used.
"""

import csv
import io
import json
import re

from tools.build import library

library.use()

from allthingstalk.board.settings import Settings, SettingsError  # noqa: E402
from allthingstalk.board.wifi import checked  # noqa: E402
from allthingstalk.connect.options import resolve  # noqa: E402

NEEDED = ("token", "device")
_LISTS = {"address", "time_servers"}  # kept as lists: not for a cell
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")  # a device id names a file


class DevicesError(ValueError):
    """A file of devices or settings cannot be used; the text names the line, and no secret."""


def read(path):
    """Return [(device id, bytes of its settings.json)] for all rows. Raises DevicesError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as e:
        raise DevicesError(f"{path} cannot be read: {e.strerror}") from None
    except UnicodeDecodeError:
        raise DevicesError(f"{path} is not UTF-8: save it as CSV UTF-8") from None
    header = text.partition("\n")[0]
    # A spreadsheet whose language has a decimal comma separates by semicolons.
    rows = csv.reader(io.StringIO(text), delimiter=";" if header.count(";") else ",", strict=True)
    try:
        columns = [name.strip() for name in next(rows, [])]
        _check_columns(columns, path)
        devices, lines = [], {}
        for cells in rows:
            if any(cell.strip() for cell in cells):
                device, settings = _device(columns, cells, f"{path.name}, line {rows.line_num}")
                if device in lines:
                    raise DevicesError(
                        f"{path.name}, line {rows.line_num}: device {device} is on line "
                        f"{lines[device]} already"
                    )
                lines[device] = rows.line_num
                devices.append((device, settings))
    except csv.Error:
        raise DevicesError(f"{path.name}, line {rows.line_num}: a quote is not closed") from None
    if not devices:
        raise DevicesError(f"{path.name} has no device: a row for each, below the column names")
    return devices


def _check_columns(columns, path):
    for name in NEEDED:
        if name not in columns:
            raise DevicesError(
                f"{path.name} has no column {name}: its first line names the columns, such as "
                "token,device,wifi,password"
            )
    for name in columns:
        if not name or columns.count(name) > 1 or name in _LISTS:
            raise DevicesError(f'{path.name}: the column "{name}" is empty, double or a list')
    if "password" in columns and "wifi" not in columns:
        raise DevicesError(f"{path.name} has a column password, but none that is called wifi")


def _device(columns, cells, place):
    if len(cells) != len(columns):
        raise DevicesError(f"{place}: {len(cells)} cells under {len(columns)} column names")
    row = {name: cell for name, cell in zip(columns, cells) if cell != ""}
    network, password = row.pop("wifi", None), row.pop("password", "")
    if password and not network:
        raise DevicesError(f"{place}: a password, but no wifi that it is for")
    values = {name: _value(name, cell) for name, cell in row.items()}
    if network:
        values["wifi"] = [[network, password]]
    return check(values, place), json.dumps(values).encode()


def _value(name, cell):
    if name in ("keepalive", "timeout"):
        try:
            return float(cell) if "." in cell else int(cell)
        except ValueError:
            return cell  # Settings says what is wrong with it
    return False if name == "mqtt" and cell.lower() == "false" else cell


def check(values, place):
    """Return the device id of settings that a board will take. Raises DevicesError."""
    try:
        settings = Settings(values, place)
    except SettingsError as e:
        raise DevicesError(str(e)) from None
    try:
        for network in settings.networks:
            checked(network)
    except ValueError as e:
        raise DevicesError(f"{place}: {e}") from None
    device = settings.device
    if not _NAME.fullmatch(device):
        raise DevicesError(
            f"{place}: the device id has other characters than letters, digits, - and _"
        )
    return device


def read_settings(path):
    """Return [(None, bytes)] of one settings.json. Raises DevicesError."""
    try:
        data = path.read_bytes()
        values = json.loads(data)
    except OSError as e:
        raise DevicesError(f"{path} cannot be read: {e.strerror}") from None
    except ValueError:
        raise DevicesError(f"{path} is no JSON; make provision writes one that is") from None
    check(values, str(path))
    return [(None, data)]


def needs_root(data):
    """Return whether a board with this settings.json needs a root certificate for TLS.

    Raises DevicesError for an endpoint that cannot be read.
    """
    values = json.loads(data)
    api = values.get("api", "api.allthingstalk.io")  # the Client's default
    try:
        endpoints = resolve(api, values.get("http"), values.get("mqtt"))
    except ValueError as e:
        raise DevicesError(f"the settings of device {values['device']}: {e}") from None
    return "ca" not in values and any("s://" in str(endpoint) for endpoint in endpoints)
