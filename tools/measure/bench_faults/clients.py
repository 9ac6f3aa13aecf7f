"""The clients that are compared: which program each has, and what goes onto its path."""

import dataclasses
import json
import shutil
import tempfile
from pathlib import Path

from tools.build import engines

from .errors import NotRun

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
WORK = ROOT / "build" / "bench_faults"


@dataclasses.dataclass(frozen=True)
class Client:
    """One client: a library, and a program written as its pages tell users to.

    Args:
        name: what the table and --client call it.
        program: the module in `programs` that is run.
        libraries: what is put on its path, each a (name, version) of `tools.build.engines`.
        version: what the table says behind the name.
        paths: further folders on its path.
        thingsboard: whether it speaks ThingsBoard's topics instead of ours.
    """

    name: str
    program: str
    libraries: tuple[tuple[str, str], ...]
    version: str
    paths: tuple[Path, ...] = ()
    thingsboard: bool = False

    def path(self, programs: Path = HERE / "programs") -> str:
        """Return the MICROPYPATH for its program; what is not here yet is fetched.

        Args:
            programs: the folder in which the program is.

        Raises:
            NotRun: the package index does not hold it, or cannot be reached.
        """
        try:
            folders = [programs, self._joined(), *self.paths]
        except (OSError, SystemExit) as error:
            raise NotRun(f"it cannot be fetched: {error}") from None
        return ":".join([*map(str, folders), ".frozen"])

    def _joined(self):
        """Return a folder with its libraries, unchanged: parts of one package lie in one folder."""
        target = WORK / "+".join("-".join(library) for library in self.libraries)
        folders = [engines.folder(library) for library in self.libraries]
        if not target.is_dir():
            WORK.mkdir(parents=True, exist_ok=True)
            half = Path(tempfile.mkdtemp(dir=WORK))
            for folder in folders:
                shutil.copytree(folder, half, dirs_exist_ok=True)
            half.rename(target)
        return target

    def command(self, device_id: str) -> tuple[str, str]:
        """Return topic and payload of the command that the program has to hear."""
        if self.thingsboard:
            return "v1/devices/me/rpc/request/1", '{"method":"led","params":true}'
        return f"device/{device_id}/asset/led/command", '{"value":true}'


def number_of(payload: bytes) -> int:
    """Return the number in what a program published, whichever platform's form it has."""
    body = json.loads(payload)
    return body[0]["counter"] if isinstance(body, list) else body["value"]


def _version(library):
    return library[1]


_SIMPLE = engines.UMQTT_NEW
OURS = Client("allthingstalk", "ours", (_SIMPLE,), "this tree", (ROOT / "lib",))
BY_HAND = Client("umqtt.simple", "by_hand", (_SIMPLE,), _version(_SIMPLE))
CLIENTS = (
    OURS,
    BY_HAND,
    Client(
        "umqtt.robust", "robust", (_SIMPLE, engines.UMQTT_ROBUST), _version(engines.UMQTT_ROBUST)
    ),
    Client(
        "umqtt.robust2",
        "robust2",
        (engines.UMQTT_SIMPLE2, engines.UMQTT_ROBUST2),
        _version(engines.UMQTT_ROBUST2),
    ),
    Client(
        "mqtt_async",
        "asynchronous",
        (engines.MQTT_AS,),
        _version(engines.MQTT_AS),
        (HERE / "shims",),
    ),
    Client(
        "thingsboard",
        "thingsboard",
        (_SIMPLE, engines.UMQTT_ROBUST, engines.THINGSBOARD),
        _version(engines.THINGSBOARD),
        thingsboard=True,
    ),
)
# Clients that the table names all the same, and why they cannot run here.
NOT_HELD = (("mqtt_as", "no registry holds it; mqtt_async, made from it, stands for it"),)
