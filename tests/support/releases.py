"""Releases for tests, and boards that take them: keys, programs, what a board says of an update."""

import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.virtual_board_console import put
from tools.build import release, release_key

PROGRAM = """
from allthingstalk import Device, IntegerAsset, update
from allthingstalk.board import run

VERSION = %(version)r
%(start)s

class Meter(Device):
    count = IntegerAsset()
    number = IntegerAsset(kind="actuator", echo=True, handler=lambda device, value, at: None)

def program(client, settings):
    meter = Meter(client=client, id=settings.device, connect=False)
    update.offer(meter, %(key)r)
    meter.connect()
    print("version", VERSION, "runs")
    n = 0
    while True:
        n += 1
        meter.count = n
        client.wait(0.3)

run(program)
"""


class Releases:
    """A folder of releases, signed with a key of its own; `text` is their program."""

    text = PROGRAM

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.private = Ed25519PrivateKey.generate()
        self.key = release_key.public(self.private)

    def program(self, version, start=""):
        """Return a program as text; `start` is what it does first."""
        return self.text % {"version": version, "key": self.key, "start": start}

    def make(self, version, start="", files=(), name=None, key=None, **options):
        """Write a release of such a program, with further files as {path: bytes}; return it."""
        content = {"/main.py": self.program(version, start).encode(), **dict(files)}
        data = release.pack(content, version, key or self.private, **options)
        (self.folder / (name or version)).write_bytes(data)
        return data


def settle(board, folder, platform, program):
    """Have a virtual board run a program with settings of its own; return its platform device."""
    device = platform.create_device()
    values = {
        "token": device.token,
        "device": device.id,
        "api": platform.http,
        "mqtt": f"mqtt://{platform.mqtt}",
    }
    put(board, folder, "settings.json", json.dumps(values))
    put(board, folder, "main.py", program)
    board.reset()
    return device


def told(platform, device):
    """Return the text of the state `update`, "" before there is one."""
    state = platform.state(device.id, "update")
    return state["value"] if state else ""
