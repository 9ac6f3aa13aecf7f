"""Keeps grounds, tokens, devices, assets and every received state in one SQLite file.

Each change is committed before the method returns, so a client that got its acknowledgement can
rely on it after a crash of the platform. Safe to use from several threads.
"""

import dataclasses
import secrets
import sqlite3
import string
import threading

from .payloads import read_json, write_json
from .times import now_ms

_SCHEMA = """
CREATE TABLE IF NOT EXISTS ground (id TEXT PRIMARY KEY, created_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS device (
    id TEXT PRIMARY KEY, ground_id TEXT NOT NULL REFERENCES ground, name TEXT NOT NULL,
    title TEXT NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS token (
    text TEXT PRIMARY KEY, ground_id TEXT NOT NULL REFERENCES ground,
    device_id TEXT REFERENCES device);
CREATE TABLE IF NOT EXISTS asset (
    id TEXT PRIMARY KEY, device_id TEXT NOT NULL REFERENCES device, name TEXT NOT NULL,
    title TEXT NOT NULL, kind TEXT NOT NULL, description TEXT NOT NULL, profile TEXT NOT NULL,
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, UNIQUE (device_id, name));
CREATE TABLE IF NOT EXISTS state (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    asset_id TEXT NOT NULL REFERENCES asset ON DELETE CASCADE,
    at_ms INTEGER NOT NULL, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS abcl (
    device_id TEXT PRIMARY KEY REFERENCES device, definition TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS state_of_asset ON state (asset_id, number);
"""
_ALPHABET = string.ascii_letters + string.digits


@dataclasses.dataclass(frozen=True)
class Token:
    """What a token may do: one device, or all devices of a ground when device_id is None."""

    text: str
    ground_id: str
    device_id: str | None


@dataclasses.dataclass(frozen=True)
class Device:
    """A device; times are milliseconds since 1970."""

    id: str
    ground_id: str
    name: str
    title: str
    created_ms: int
    updated_ms: int


@dataclasses.dataclass(frozen=True)
class Asset:
    """An asset of a device; times are milliseconds since 1970."""

    id: str
    device_id: str
    name: str
    title: str
    kind: str
    description: str
    profile: dict
    created_ms: int
    updated_ms: int


@dataclasses.dataclass(frozen=True)
class State:
    """A received state; its time is milliseconds since 1970."""

    at_ms: int
    value: object


def _new_id():
    return secrets.token_hex(12)


def _new_token():
    return "maker:" + "".join(secrets.choice(_ALPHABET) for _ in range(40))


class Store:
    """One open SQLite file.

    Args:
        path: the file; it is made, with a first ground, if it does not exist.
    """

    def __init__(self, path: str):
        self.changes = 0  # of devices and their assets: who watches compares
        self._lock = threading.RLock()
        # Statements commit by themselves; several in one go use the connection as a context.
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA foreign_keys=ON")
        self._db.executescript(_SCHEMA)
        if self._one("SELECT id FROM ground") is None:
            ground_id = _new_id()
            self._run("INSERT INTO ground VALUES (?, ?)", ground_id, now_ms())
            self._run("INSERT INTO token VALUES (?, ?, NULL)", _new_token(), ground_id)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _run(self, statement, *values):
        with self._lock:
            return self._db.execute(statement, values)

    def _one(self, statement, *values):
        with self._lock:
            return self._db.execute(statement, values).fetchone()

    def _all(self, statement, *values):
        with self._lock:
            return self._db.execute(statement, values).fetchall()

    # Grounds and tokens

    def ground_token(self) -> Token:
        """Return the token of the first ground, a new one if the last was revoked."""
        row = self._one("SELECT * FROM token WHERE device_id IS NULL ORDER BY rowid")
        if row is None:
            row = (_new_token(), self._one("SELECT id FROM ground")[0], None)
            self._run("INSERT INTO token VALUES (?, ?, ?)", *row)
        return Token(*row)

    def token(self, text: str) -> Token | None:
        """Return what a token may do, or None if it is not known."""
        row = self._one("SELECT * FROM token WHERE text = ?", text)
        return row and Token(*row)

    def revoke(self, text: str) -> bool:
        """Forget a token; return whether it was known."""
        return self._run("DELETE FROM token WHERE text = ?", text).rowcount > 0

    # Devices

    def create_device(self, ground_id: str, name: str, title: str) -> tuple[Device, Token]:
        """Add a device with a token of its own."""
        now = now_ms()
        device = Device(_new_id(), ground_id, name, title, now, now)
        token = Token(_new_token(), ground_id, device.id)
        with self._lock, self._db:
            self._db.execute("BEGIN")
            self._run("INSERT INTO device VALUES (?, ?, ?, ?, ?, ?)", *dataclasses.astuple(device))
            self._run("INSERT INTO token VALUES (?, ?, ?)", *dataclasses.astuple(token))
        self.changes += 1
        return device, token

    def device(self, device_id: str) -> Device | None:
        """Return a device, or None."""
        row = self._one("SELECT * FROM device WHERE id = ?", device_id)
        return row and Device(*row)

    def devices(self, ground_id: str) -> list[Device]:
        """Return the devices of a ground, oldest first."""
        rows = self._all("SELECT * FROM device WHERE ground_id = ? ORDER BY rowid", ground_id)
        return [Device(*row) for row in rows]

    def set_abcl(self, device_id: str, definition: dict | None) -> None:
        """Keep the layout of a device's binary states; None: it has none."""
        self._run("DELETE FROM abcl WHERE device_id = ?", device_id)
        if definition is not None:
            self._run("INSERT INTO abcl VALUES (?, ?)", device_id, write_json(definition))

    def abcl(self, device_id: str) -> dict | None:
        """Return the layout of a device's binary states, or None."""
        row = self._one("SELECT definition FROM abcl WHERE device_id = ?", device_id)
        return row and read_json(row[0])

    # Assets

    def put_asset(self, asset: Asset) -> None:
        """Add an asset, or overwrite the one with the same id."""
        self._run(
            "INSERT INTO asset VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " title = excluded.title, kind = excluded.kind, description = excluded.description,"
            " profile = excluded.profile, updated_ms = excluded.updated_ms",
            *(asset.id or _new_id(), asset.device_id, asset.name, asset.title, asset.kind),
            *(asset.description, write_json(asset.profile), asset.created_ms, asset.updated_ms),
        )
        self.changes += 1

    def asset(self, device_id: str, name: str) -> Asset | None:
        """Return an asset, or None."""
        row = self._one("SELECT * FROM asset WHERE device_id = ? AND name = ?", device_id, name)
        return row and _asset(row)

    def assets(self, device_id: str) -> list[Asset]:
        """Return the assets of a device, oldest first."""
        rows = self._all("SELECT * FROM asset WHERE device_id = ? ORDER BY rowid", device_id)
        return [_asset(row) for row in rows]

    def delete_asset(self, asset: Asset) -> None:
        """Forget an asset and its states."""
        self._run("DELETE FROM asset WHERE id = ?", asset.id)
        self.changes += 1

    # States

    def add_states(self, states: list[tuple[Asset, State]]) -> list[int]:
        """Keep received states, all or none; return their numbers, which go up."""
        rows = [(asset.id, state.at_ms, write_json(state.value)) for asset, state in states]
        with self._lock, self._db:
            self._db.execute("BEGIN")
            insert = "INSERT INTO state (asset_id, at_ms, value) VALUES (?, ?, ?)"
            return [self._db.execute(insert, row).lastrowid for row in rows]

    def last_state(self, asset: Asset) -> State | None:
        """Return the state that came last, or None."""
        row = self._one(
            "SELECT at_ms, value FROM state WHERE asset_id = ? ORDER BY number DESC", asset.id
        )
        return row and State(row[0], read_json(row[1]))

    def last_states(self, device_id: str) -> dict[str, tuple[int, State]]:
        """Return number and state that came last by asset name, of those that were ever set."""
        rows = self._all(
            "SELECT name, number, at_ms, value FROM asset JOIN state ON number ="
            " (SELECT max(number) FROM state WHERE asset_id = asset.id) WHERE device_id = ?",
            device_id,
        )
        return {row[0]: (row[1], State(row[2], read_json(row[3]))) for row in rows}

    def rows(self, asset: Asset, from_ms: int) -> list[tuple[int, int, str]]:
        """Return number, time and JSON text of the states from a time on, by their time."""
        return self._all(
            "SELECT number, at_ms, value FROM state WHERE asset_id = ? AND at_ms >= ?"
            " ORDER BY at_ms, number",
            *(asset.id, from_ms),
        )

    def states(self, asset: Asset) -> list[State]:
        """Return all states in the order in which they came."""
        rows = self._all(
            "SELECT at_ms, value FROM state WHERE asset_id = ? ORDER BY number", asset.id
        )
        return [State(at_ms, read_json(value)) for at_ms, value in rows]

    def history(
        self, asset: Asset, from_ms: int, to_ms: int, page: int, page_length: int
    ) -> list[State]:
        """Return one page of the states between two times, both included, by their time."""
        rows = self._all(
            "SELECT at_ms, value FROM state WHERE asset_id = ? AND at_ms BETWEEN ? AND ?"
            " ORDER BY at_ms, number LIMIT ? OFFSET ?",
            *(asset.id, from_ms, to_ms, page_length, page * page_length),
        )
        return [State(at_ms, read_json(value)) for at_ms, value in rows]


def _asset(row):
    return Asset(*row[:6], read_json(row[6]), *row[7:])
