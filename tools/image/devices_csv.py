"""Reads devices.csv: a row for each board, from which image makes its settings.json.

Columns: token and device; where wanted wifi (the network's name) and password, and any other key of
settings.json that takes text or a number (api, mqtt, outbox, keepalive ...). An empty cell leaves
its key out; without a password a network is open. All rows are checked, as the board would check
them, before any is used.

The file is what a spreadsheet saves: commas, semicolons or tabs, UTF-8 or UTF-16, empty rows and
columns at the end. What a spreadsheet has damaged, as it does with long numbers, is refused.
"""

import csv
import io
import json
import re

from tools.board import checked_settings, given_settings, text_files
from tools.board.text_files import InputError
from tools.build import library

library.use()

from allthingstalk.connect import settings_checks  # noqa: E402
from allthingstalk.connect.options import resolve  # noqa: E402

SUFFIXES = (".csv", ".tsv", ".tab", ".txt")  # .txt: Excel's "Unicode text"
NEEDED = ("token", "device")
_NUMBERS = ("keepalive", "timeout")
_COLUMNS = {*given_settings.KEYS, "password", "ca"} - {"address", "time_servers"}  # lists
_DEVICE = re.compile(r"[A-Za-z0-9_-]{1,64}")  # a device id names a file
# The line with which a file tells Excel its separator.
_SEPARATOR = re.compile(r'"?sep=(.)"?[ ,;\t]*(\r\n|\n|\r|$)', re.IGNORECASE)
# A number as a spreadsheet shows one that is long, one of which it kept 15 digits, and its errors.
_DAMAGED = re.compile(
    r"\d([.,]\d+)?E[+-]\d+|[1-9]\d{14}00+|#(N/A|NV|DIV/0!|(NAME|NOM|NAAM)\?|"
    r"(REF|VALUE|NUM|NULL|BEZUG|WERT|ZAHL|VALEUR|NOMBRE|VERW|WAARDE|GETAL)!)"
)
# With three digits behind the mark it could be a thousand.
_NUMBER = re.compile(r"\d+([.,]\d{1,2})?")
# What spreadsheets make of FALSE in some languages, and of TRUE.
_FALSE = ("false", "falsch", "faux", "onwaar", "falso")
_TRUE = ("true", "wahr", "vrai", "waar", "vero", "verdadero", "verdadeiro")


def read(path):
    """Return [(device id, bytes of its settings.json)] for all rows. Raises InputError."""
    text = text_files.read(path)
    rows = _rows(text, path)
    line, columns = next(rows, (1, []))
    columns = [name.strip().lower() for name in columns]
    while columns and not columns[-1]:
        columns.pop()
    _check_columns(columns, f"{path}, line {line}")
    devices, lines = [], {}
    for line, cells in rows:
        place = f"{path}, line {line}"
        device, settings = _device(columns, cells, place)
        low = device.lower()  # it names a file, on PCs that do not tell capitals apart
        if low in lines:
            raise InputError(f"{place}: device {device} is on line {lines[low]} already")
        lines[low] = line
        devices.append((device, settings))
    if not devices:
        raise InputError(f"{path} has no device: a row for each, below the column names")
    return devices


def _rows(text, path):
    """Yield (its first line, cells) for each row that is not empty. Raises InputError."""
    named = _SEPARATOR.match(text)
    skipped = named[0] if named else ""
    source = io.StringIO(text[len(skipped) :], newline="")  # as they are: cells may have lines
    header = (text[len(skipped) :].lstrip().splitlines() or [""])[0]
    separator = named[1] if named else max(",;\t", key=header.count)
    # Where blanks follow the separators in the names of columns, they do in the rows.
    blanks = separator + " " in header
    rows = csv.reader(source, delimiter=separator, skipinitialspace=blanks, strict=True)
    while True:
        line = rows.line_num + (2 if skipped else 1)
        try:
            cells = next(rows, None)
        except csv.Error as e:
            inside = "a quote within a cell has to be doubled" if "expected after" in str(e) else ""
            raise InputError(f"{path}, line {line}: {inside or 'a quote is not closed'}") from None
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield line, cells


def _check_columns(columns, place):
    for name in NEEDED:
        if name not in columns:
            raise InputError(
                f"{place}: there is no column {name}; the first line names the columns, such as "
                "token,device,wifi,password"
            )
    for name in columns:
        if name and name not in _COLUMNS:
            if settings_checks.is_enterprise(name):
                raise InputError(f"{place}: {settings_checks.unknown(name)}")
            names = " ".join(sorted(_COLUMNS))
            raise InputError(f"{place}: no column '{text_files.shown(name)}'; there are {names}")
        if name and columns.count(name) > 1:
            raise InputError(f"{place}: the column {name} is there twice")
    if "password" in columns and "wifi" not in columns:
        raise InputError(f"{place}: there is a column password, but none that is called wifi")


def _device(columns, cells, place):
    while len(cells) > len(columns) and not cells[-1].strip():
        cells.pop()
    if len(cells) > len(columns):
        raise InputError(f"{place}: {len(cells)} cells under {len(columns)} column names")
    row = {}
    for name, cell in zip(columns, cells):  # a spreadsheet may leave empty cells at the end out
        if cell.strip() and not name:
            raise InputError(f"{place}: a cell in a column that has no name")
        if cell.strip() or (name == "password" and cell):
            row[name] = cell
        if name not in _NUMBERS and _DAMAGED.fullmatch(cell.strip()):
            raise InputError(
                f"{place}: a spreadsheet has taken the {name} for a number or formula and not kept "
                "it: format the column as text, and enter it again"
            )
    network, password = row.pop("wifi", None), row.pop("password", "")
    if password and not network:
        raise InputError(f"{place}: a password, but no wifi that it is for")
    values = {name: _value(name, cell) for name, cell in row.items()}
    if network:
        values["wifi"] = [[network, password]]
    checked = checked_settings.check(values, place)
    device = checked.settings.device
    if not _DEVICE.fullmatch(device):
        raise InputError(
            f"{place}: the device id has other characters than letters, digits, - and _"
        )
    return device, checked.data


def _value(name, cell):
    if name in _NUMBERS and _NUMBER.fullmatch(cell.strip()):
        number = float(cell.replace(",", "."))
        return int(number) if number.is_integer() else number
    if name == "mqtt" and cell.strip().lower() in (*_FALSE, *_TRUE):
        return cell.strip().lower() in _TRUE  # which Settings refuses
    return cell


def needs_root(data):
    """Return whether a board with this settings.json needs a root certificate for TLS.

    Raises InputError for an endpoint that cannot be read.
    """
    values = json.loads(data)
    api = values.get("api", "api.allthingstalk.io")  # the Client's default
    try:
        endpoints = resolve(api, values.get("http"), values.get("mqtt"))
    except ValueError as e:
        raise InputError(f"the settings of device {values['device']}: {e}") from None
    return "ca" not in values and any("s://" in str(endpoint) for endpoint in endpoints)
