"""An update over verified TLS beside a running program in 64 KiB of heap, library in place.

So it is on a board whose firmware has the library, as every ready image; 32 bits, real MicroPython.
Loaded from .mpy files, library and program take most of that by themselves: there it takes 96 KiB.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import trustme
from littlefs import LittleFS

from tests import run
from tests.support.device_process import Interpreter
from tests.support.releases import Releases, told
from tests.support.tls_proxy import TLSProxy
from tools.build import board_folder
from tools.simulate import interpreters
from tools.simulate.local_platform import LocalPlatform

BLOCK, BLOCKS = 4096, 256
# What the file system and the stand-ins below take of the heap, and no board has in it. The program
# prints what it finds free, which is what counts.
OURS = {"in place": 12 * 1024, ".mpy": 8 * 1024}
# A board's file system, the library in place, and what of `machine` the reset needs.
BOARD = """
import gc, os, sys, vfs

class Blocks:
    def __init__(self, path):
        self.f = open(path, "r+b")
    def readblocks(self, n, buffer, offset=0):
        self.f.seek(n * 4096 + offset)
        self.f.readinto(buffer)
    def writeblocks(self, n, buffer, offset=0):
        self.f.seek(n * 4096 + offset)
        self.f.write(buffer)
    def ioctl(self, op, n):
        return {4: 256, 5: 4096, 6: 0}.get(op)

class machine:
    def reset():
        print("least free", least)
        print("reset")
        raise SystemExit

sys.modules["machine"] = machine
blocks = Blocks(FLASH)
sys.path[:] = ["", "/lib", ".frozen"]
if ROM:
    rom = bytearray(os.stat(ROM)[6])
    with open(ROM, "rb") as f:
        f.readinto(rom)
vfs.umount("/")
if ROM:
    vfs.mount(vfs.VfsRom(rom), "/rom")
    sys.path[1] = "/rom"
vfs.mount(vfs.VfsLfs2(blocks, progsize=256), "/")
os.chdir("/")
gc.collect()
print("free", gc.mem_free())
"""
PROGRAM = """
from allthingstalk import Client, Device, IntegerAsset, update

class Meter(Device):
    a = IntegerAsset()
    b = IntegerAsset()
    c = IntegerAsset()
    count = IntegerAsset()
    led = IntegerAsset(kind="actuator", handler=lambda device, value, at: print("led", value))

client = Client(TOKEN, http=HTTP, mqtt=MQTT, ca=CA, outbox=None)
meter = Meter(client=client, id=ID, connect=False)
updates = update.offer(meter, KEY)
print("connected", meter.connect())
least = 1 << 30
n = last = 0
while True:
    n += 1
    if client.second != last:
        meter.count = last = client.second
    client.poll()
    if updates.steps and n % 20 == 0:
        gc.collect()
        least = min(least, gc.mem_free())
"""


@pytest.fixture
def compiled(tmp_path):
    """The 32-bit interpreter; every program that it started is ended with the test."""
    try:
        command = interpreters.find("mp32")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    board_folder.build(run.COMPILED)
    started = Interpreter("compiled", command, tmp_path)
    yield started
    started.close()


def flash(path, folder, main=b"print('old')\n"):
    """Write a littlefs image that holds a folder's files and a program, in its place and aside."""
    fs = LittleFS(block_size=BLOCK, block_count=BLOCKS, prog_size=256)
    for file in sorted(folder.rglob("*")) if folder else ():
        name = "/" + file.relative_to(folder).as_posix()
        if file.is_dir():
            fs.mkdir(name)
        else:
            with fs.open(name, "wb") as f:
                f.write(file.read_bytes())
    fs.mkdir("/slots")
    for name in ("/main.py", "/slots/main.py"):
        with fs.open(name, "wb") as f:
            f.write(main)
    path.write_bytes(bytes(fs.context.buffer))


@pytest.mark.parametrize(("form", "heap_kib"), [("in place", 64), (".mpy", 96)])
def test_it_fits_beside_a_running_program(compiled, tmp_path, form, heap_kib, record_property):
    releases = Releases(tmp_path / "releases")
    files = {f"/part{n}.py": os.urandom(1500) for n in range(30)} | {"/data": os.urandom(50000)}
    releases.make("1.0", files=files)
    rom, heap = None, heap_kib * 1024 + OURS[form]
    if form == "in place":
        rom = tmp_path / "rom.img"
        mpremote = Path(sys.executable).with_name("mpremote")
        command = [mpremote, "romfs", "-o", rom, "build", run.COMPILED / "lib"]
        subprocess.run(command, check=True, capture_output=True)
        heap += rom.stat().st_size  # the image lies in the heap here; on a board it does not
    flash(tmp_path / "flash.img", None if rom else run.COMPILED)
    ca = trustme.CA()
    with LocalPlatform(releases=releases.folder) as platform:
        certificate = ca.issue_cert("localhost")
        rest, mqtt = (
            TLSProxy(port, certificate) for port in (platform.http_port, platform.mqtt_port)
        )
        device = platform.create_device()
        values = {
            "TOKEN": device.token,
            "ID": device.id,
            "KEY": releases.key,
            "CA": ca.cert_pem.bytes(),
            "HTTP": f"https://localhost:{rest.port}",
            "MQTT": f"mqtts://localhost:{mqtt.port}",
            "FLASH": str(tmp_path / "flash.img"),
            "ROM": rom and str(rom),
        }
        program = compiled.start(BOARD + PROGRAM, values, options=("-X", f"heapsize={heap}"))
        program.wait_for("connected")
        assert platform.wait_for(lambda: told(platform, device), 20)
        assert int(program.all("free ")[0]) <= heap_kib * 1024
        platform.send_command(device.id, "update", "1.0")
        try:
            program.wait_for("reset", timeout_s=60)
        except AssertionError as e:
            raise AssertionError(f"{told(platform, device)}\n{e}") from None
        record_property("least free", program.all("least free ")[0])
        assert "too little memory" not in program.output
        assert told(platform, device) == "1.0: restarting", program.output
        for proxy in (rest, mqtt):
            proxy.close()


def test_a_program_is_started_whose_source_is_larger_than_the_heap(compiled, tmp_path):
    """As MicroPython itself starts /main.py; an update has put a loader in its place."""
    line = b"# a comment that is as long as most of them are, and takes no memory\n"
    flash(tmp_path / "flash.img", run.COMPILED, line * 1000 + b"print('runs', __name__)\n")
    values = {"FLASH": str(tmp_path / "flash.img"), "ROM": None}
    code = BOARD + "from allthingstalk import update\nupdate.run()\n"
    program = compiled.start(code, values, options=("-X", "heapsize=48k"))
    assert program.wait_for("runs") == "__main__"
