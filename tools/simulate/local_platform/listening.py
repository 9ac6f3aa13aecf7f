"""Where a running platform listens, written beside its database so that other commands find it."""

import dataclasses
import json
import os
import pathlib
import socket

try:
    import fcntl
except ImportError:  # Windows, where a second platform is noticed by its ports only
    fcntl = None


@dataclasses.dataclass(frozen=True)
class Listening:
    """Addresses and ground of a running platform; it holds a token, so it is never printed."""

    host: str
    http_port: int
    mqtt_port: int
    ground: str
    ground_token: str = dataclasses.field(repr=False)
    roots_pem: str = dataclasses.field(default="", repr=False)

    @property
    def http(self) -> str:
        """The REST endpoint, for example ``http://127.0.0.1:8080``."""
        return f"http{'s' * bool(self.roots_pem)}://{self._name}:{self.http_port}"

    @property
    def mqtt(self) -> str:
        """The MQTT endpoint, for example ``127.0.0.1:1883``, or ``mqtts://localhost:8883``."""
        return f"{'mqtts://' * bool(self.roots_pem)}{self._name}:{self.mqtt_port}"

    @property
    def _name(self):
        # With TLS the name, which certificates are made for, and mbedTLS compares.
        return "localhost" if self.roots_pem and self.host == "127.0.0.1" else reachable(self.host)

    def write(self, claimed: int) -> None:
        """Write it into the file that `claim` has opened."""
        os.write(claimed, json.dumps(dataclasses.asdict(self)).encode())


def claim(db: pathlib.Path) -> int:
    """Open the file beside a database, for this user only, and lock it until it is closed.

    Raises:
        OSError: a platform runs with this database already.
    """
    claimed = os.open(_path(db), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if fcntl:
            fcntl.flock(claimed, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.fchmod(claimed, 0o600)
        os.ftruncate(claimed, 0)  # what a platform that was killed has left
    except OSError as error:
        os.close(claimed)
        if not isinstance(error, BlockingIOError):
            raise
        other = read(db)
        raise OSError(
            f"another one runs with {db}{', at ' + other.http if other else ''}. "
            "Stop that, or name another database (--db) and other ports."
        ) from None
    return claimed


def read(db: pathlib.Path) -> Listening | None:
    """Return what the platform with this database wrote, None if there is no usable file."""
    try:
        return Listening(**json.loads(_path(db).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def remove(db: pathlib.Path) -> None:
    """Remove the file, if it is there."""
    _path(db).unlink(missing_ok=True)


def reachable(host: str) -> str:
    """Return the host as others write it in an endpoint.

    For "every address" that is this machine's address in its network, which a board can reach.
    """
    if host in ("0.0.0.0", "::", ""):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                # A datagram socket sends nothing here; it only asks which way packets would go.
                probe.connect(("192.0.2.1", 9))
                return probe.getsockname()[0]
            except OSError:
                return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _path(db):
    return pathlib.Path(db).with_suffix(".json")
