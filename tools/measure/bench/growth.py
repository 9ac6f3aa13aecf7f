"""What ours costs as work grows: time for each publish, heap in use, RAM at the most.

Measured on the 32-bit MicroPython where it is to be had: its objects have a board's size.
"""

import contextlib
import dataclasses
import os
import threading
import time
from collections.abc import Callable

from tools.measure.bench_faults.errors import NotRun

from .bed import START_S, Bed, Running
from .commands import commander
from .figures import Spread, short, table
from .peers import PROGRAMS

HEAP = "heapsize=4M"
USUAL = {"outbox_bytes": 8192, "most_waiting": 100}
FEW_WAITING = 8  # values at a time, where they are large
ROUNDS = 3
RECORD_BYTES = 24  # of a number in the outbox, at the most
ROUND = 1000
COMMANDS = 100


@dataclasses.dataclass(frozen=True)
class Dimension:
    """One way in which work grows.

    Args:
        key: its name in the JSON.
        title: what grows, for table and picture.
        points: how large it gets.
        quick: the points of a quick run.
    """

    key: str
    title: str
    points: tuple[int, ...]
    quick: tuple[int, ...]


ASSETS = Dimension("assets", "assets declared by the device", (1, 10, 50, 200, 500), (1, 20))
FOUND = Dimension("found", "assets on the platform, 1 declared", (1, 50, 200, 500), (1, 20))
DEVICES = Dimension("devices", "devices of one client", (1, 2, 5, 10, 20), (1, 3))
SIZE = Dimension("size", "bytes of a value", (10, 100, 1000, 4000, 16000), (10, 1000))
WAITING = Dimension("waiting", "values waiting off line", (10, 100, 300, 1000, 3000), (10, 100))
HOURS = Dimension("thousands", "thousands of publishes", tuple(range(1, 11)), (1, 2))
DIMENSIONS = (ASSETS, FOUND, DEVICES, SIZE, WAITING, HOURS)


@dataclasses.dataclass
class Point:
    """What one amount of work costs.

    Args:
        amount: of what grows.
        publish_us: time for each publish until it was acknowledged.
        assign_us: time for each assignment, where values wait off line.
        connect_ms: time to connect all devices; REST creates the assets.
        heap_bytes: in use after a collection, over what it was before the import.
        ram_bytes: how much memory was touched since before the import, in pages of 4 kB, with a
            collection every 4 kB.
        reason: why it was not run; None where it was.
    """

    amount: int
    publish_us: float | None = None
    assign_us: float | None = None
    connect_ms: float | None = None
    heap_bytes: int | None = None
    ram_bytes: int | None = None
    reason: str | None = None


def measure(bed: Bed, interpreter: list[str], dimension: Dimension, quick: bool) -> list[Point]:
    """Return a Point for each amount."""
    points = dimension.quick if quick else dimension.points
    if dimension is HOURS:
        return _hours(bed, interpreter, points)
    return [_point(bed, interpreter, dimension, amount, quick) for amount in points]


def _point(bed, interpreter, dimension, amount, quick):
    told = {"assets": 1, "kind": "number", "waiting": 0, "value_bytes": 6, **USUAL}
    devices, count = 1, 200 if quick else ROUND
    if dimension is ASSETS:
        told["assets"] = amount
    elif dimension is DEVICES:
        devices = amount
    elif dimension is SIZE:
        told |= {"kind": "text", "value_bytes": amount, "most_waiting": FEW_WAITING}
        told["outbox_bytes"] = (FEW_WAITING + 2) * amount + USUAL["outbox_bytes"]
        count = min(count, 200)
    elif dimension is WAITING:
        told |= {"waiting": amount, "outbox_bytes": amount * RECORD_BYTES + USUAL["outbox_bytes"]}
    point = Point(amount)
    try:
        for thrifty in (True, False):
            with _running(bed, interpreter, {**told, "thrifty": thrifty}, devices) as running:
                _measure(bed, *running, dimension, point, count, thrifty)
    except NotRun as reason:
        point.reason = str(reason)
    return point


def _measure(bed, program, ids, dimension, point, count, thrifty):
    """Take the memory of a thrifty program, the times of another."""
    if dimension is FOUND:
        for number in range(point.amount - 1):
            bed.platform.create_asset(ids[0], f"other{number}", profile_type="integer")
    connected = program.ask("connect")
    if dimension is WAITING:
        took = program.ask("wait_and_send", count=point.amount)
    else:
        took = program.ask("warm_up")
    if thrifty:
        point.heap_bytes, point.ram_bytes = took["heap_bytes"], took["ram_bytes"]
        return
    point.connect_ms = connected["us"] / 1000
    if dimension is WAITING:
        point.assign_us = took["assign_us"] / point.amount
        point.publish_us = took["us"] / point.amount
        return
    rounds = [program.ask("publish", count=count)["us"] / count for _ in range(ROUNDS)]
    point.publish_us = Spread.of(rounds).median


def _hours(bed, interpreter, amounts):
    """Return a Point for each round of publishes and commands of a program that stays up."""
    told = {"assets": 1, "kind": "number", "waiting": 0, "value_bytes": 6, **USUAL}
    points = [Point(amount) for amount in amounts]
    try:
        for thrifty in (True, False):
            with _running(bed, interpreter, {**told, "thrifty": thrifty}, 1) as (program, ids):
                connect_ms = program.ask("connect")["us"] / 1000
                program.ask("warm_up")
                for point in points:
                    sender = threading.Thread(target=_command, args=(bed, ids[0]))
                    sender.start()
                    took = program.ask("live", count=ROUND, commands=COMMANDS)
                    sender.join()
                    if thrifty:
                        point.heap_bytes, point.ram_bytes = took["heap_bytes"], took["ram_bytes"]
                    else:
                        point.publish_us = took["us"] / took["count"]
                        point.connect_ms = connect_ms
    except NotRun as reason:
        points[0].reason = str(reason)
    return points


@contextlib.contextmanager
def _running(bed, interpreter, told, devices):
    """Start programs/growing.py; what is yielded is (Running, ids of the devices)."""
    ids = [bed.device(assets=False).id for _ in range(devices)]
    settings = {
        **told,
        "devices": ids,
        "token": bed.platform.ground_token,
        "http": bed.platform.http,
        "mqtt": f"mqtt://127.0.0.1:{bed.ports[bed.broker]}",
    }
    command = [*interpreter, "-X", HEAP, str(PROGRAMS / "growing.py")]
    program = Running(command, {**os.environ, "MICROPYPATH": f"{bed.library}:.frozen"}, settings)
    try:
        program.answer(0, START_S)
        yield program, ids
    finally:
        program.close()


def _command(bed, device_id):
    with commander(bed.platform, bed.ports[bed.broker]) as send:
        for number in range(COMMANDS):
            send(device_id, number)
            time.sleep(0.001)


def rows(points: list[Point]) -> list[tuple[str, ...]]:
    """Return the rows of a table."""
    lines = []
    for point in points:
        if point.reason:
            lines.append((short(point.amount), f"not run: {point.reason}"))
            continue
        figures = (
            point.publish_us,
            point.assign_us,
            point.connect_ms,
            point.heap_bytes,
            point.ram_bytes,
        )
        lines.append((short(point.amount), *map(short, figures)))
    return lines


def report(points: list[Point], title: str, say: Callable[[str], None]) -> None:
    """Print a table."""
    head = ("", "us/publish", "us/assignment", "connect ms", "heap bytes", "RAM bytes")
    say(table(title, head, rows(points)))
