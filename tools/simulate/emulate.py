"""`make emulate FIRMWARE=image.uf2`: the README's program on an emulated Pico W with real firmware.

Everything a real board goes through happens: mpremote deploys over the serial port, the board
resets, joins the Wi-Fi, sets its clock, creates its assets, publishes and obeys a command; with
--tls once more over verified TLS. The emulator is a process that reaches this machine only.
A Pico W's second takes some 20 seconds here, so that all of it takes ten minutes and more.
"""

import argparse
import json
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.board import found_files
from tools.build import board_folder
from tools.simulate.emulator import (
    WIFI_NAME,
    EmulatedPico,
    EmulatorError,
    ImageError,
)
from tools.simulate.emulator import image as images
from tools.simulate.emulator.network import GATEWAY
from tools.simulate.fault_proxy import Certificates, FaultProxy
from tools.simulate.local_platform import LocalPlatform, mqtt_connection

ROOT = Path(__file__).resolve().parents[2]

BUILD = ROOT / "build"
MAIN = ROOT / "examples" / "first" / "main.py"
PINS = ROOT / "boards" / "ALLTHINGSTALK_RPI_PICO_W" / "pins.py"
MPREMOTE = str(Path(sys.executable).with_name("mpremote"))
PLATFORM_NAME = "platform.test"
TIME_SERVER = "pool.ntp.org"  # the first that allthingstalk.board.clock asks
TIME_LIMIT_S = 3600
LED_LIMIT_S = 60
FIRST_NUDGE_S = 15
RAW_REPL = "raw REPL; CTRL-B to exit"  # what the board answers mpremote
# The board's minute is twenty of the platform's, which would give it up: it says too late that it
# is alive, and who it is.
KEEPALIVE_S = 1200
CONNECT_LIMIT_S = 600


class GaveUp(Exception):
    """Something did not happen; the text says what, and what the board printed."""


def say(who, text):
    sys.stdout.write(f"{who:>8} | {text}\n")  # one write: three threads speak here
    sys.stdout.flush()


class Deadline:
    """The end of the time that the whole run may take."""

    def __init__(self, limit_s):
        self._started = time.monotonic()
        self._limit_s = limit_s

    @property
    def spent_s(self):
        return time.monotonic() - self._started

    def left_s(self, what):
        """Return the seconds that are left. Raises GaveUp when there are none."""
        left_s = self._limit_s - self.spent_s
        if left_s <= 0:
            raise GaveUp(f"the time limit of {self._limit_s:.0f} s came before {what}")
        return left_s


class Run:
    """One board, one device on the platform, and what is done with them.

    - `folder`: for what goes onto the board; it holds the library in "board" already.
    """

    def __init__(self, platform, board, folder, deadline):
        self.platform = platform
        self.board = board
        self.folder = folder
        self.deadline = deadline
        self.restarted_s = self.nudge_s = 0
        self.device = platform.create_device(title="Emulated Pico W")

    def mpremote(self, *arguments):
        shown = " ".join(arguments).replace(str(ROOT) + "/", "")
        say("you", f"mpremote {shown}")
        try:
            done = subprocess.run(
                [MPREMOTE, "connect", self.board.port, *arguments],
                cwd=ROOT,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=self.deadline.left_s("mpremote"),
            )
        except subprocess.TimeoutExpired:
            raise GaveUp(f"the time limit came while mpremote did: {shown}") from None
        if done.returncode:
            raise GaveUp(f"mpremote failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def wait_until(self, what, condition, limit_s=TIME_LIMIT_S):
        """Wait for a condition, unless main.py ends before. Raises GaveUp."""
        limit_s = min(limit_s, self.deadline.left_s(what))
        try:
            self.board.wait_until(what, lambda: condition() or self.at_prompt(), limit_s)
        except (TimeoutError, EmulatorError) as error:
            raise GaveUp(str(error)) from None
        if not condition():
            raise GaveUp(f"main.py ended before {what}. The board printed:\n{self.printed}")

    @property
    def printed(self):
        """What the board printed after mpremote's last command."""
        return self.board.output.rpartition(RAW_REPL)[2]

    def at_prompt(self):
        """Return whether the board waits for input since it was restarted: main.py has ended."""
        now_s = self.deadline.spent_s
        if now_s < self.restarted_s + FIRST_NUDGE_S:
            return False
        if now_s >= self.nudge_s:
            # Ever more rarely, since the board keeps what its program does not read.
            self.nudge_s = now_s + 2 * (now_s - self.restarted_s)
            self.board.nudge()
        return ">>> " in self.printed

    def write_settings(self, **endpoints):
        """Write the settings.json of the device and return its path."""
        values = {"token": self.device.token, "device": self.device.id}
        values |= {"wifi": [[WIFI_NAME, "password"]], "keepalive": KEEPALIVE_S, **endpoints}
        path = self.folder / "settings.json"
        text = json.dumps(values, indent=1)
        path.write_text(text, encoding="utf-8")
        shown = text.replace(self.device.token, self.device.token[:8] + "…")
        print(f"\n--- settings.json\n{shown}", flush=True)
        return path

    def leave_out_what_is_frozen(self):
        """Return the folder of the library and its engines, without what the firmware has."""
        code = self.folder / "look_at_firmware.py"
        code.write_text(found_files.firmware_code(), encoding="utf-8")
        lib = self.folder / "board" / "lib"
        for name in found_files.in_firmware(self.mpremote("run", str(code)).splitlines()):
            say("you", f"{name} is in the firmware: not sent")
            shutil.rmtree(lib / name.split(".")[0])
        return lib

    def deploy(self, settings):
        lib = self.leave_out_what_is_frozen()
        if any(lib.iterdir()):
            self.mpremote("fs", "cp", "-r", str(lib), ":")
        self.mpremote("fs", "cp", str(MAIN), str(PINS), str(settings), ":")
        self.restart()

    def restart(self):
        # `resume`: without the soft reset that mpremote makes first else.
        self.mpremote("resume", "reset")
        self.restarted_s = self.deadline.spent_s
        self.nudge_s = self.restarted_s + FIRST_NUDGE_S
        self.board.show_console = True

    def see_it_work(self):
        """Wait for a value, send two commands, and see the board obey."""
        device, platform, board = self.device, self.platform, self.board
        values = len(platform.states(device.id, "count")) if platform.assets(device.id) else 0
        self.wait_until(
            "two values",
            lambda: (
                platform.assets(device.id) and len(platform.states(device.id, "count")) > values + 1
            ),
        )
        self.wait_until("the subscription", lambda: platform.is_listening(device.id, "led"))
        for on in (True, False):
            say("you", f"command led {str(on).lower()}, as from the platform's dashboard")
            platform.send_command(device.id, "led", on)
            self.wait_until(
                "the new state",
                lambda on=on: (platform.state(device.id, "led") or {}).get("value") is on,
            )
            # The program switches the LED first and tells the state then.
            self.wait_until("the LED", lambda on=on: board.led == int(on), LED_LIMIT_S)


def plain(run):
    """Deploy everything, and see the example work over plain text."""
    settings = run.write_settings(
        api=f"http://{PLATFORM_NAME}:{run.platform.http_port}",
        mqtt=f"mqtt://{PLATFORM_NAME}:{run.platform.mqtt_port}",
    )
    run.deploy(settings)
    run.see_it_work()
    say("you", f"plain: the board obeyed ({run.deadline.spent_s:.0f} s)")


def over_tls(run, certificates, rest, mqtt):
    """Give the board a root certificate and settings with TLS; see the example work again."""
    ca = run.folder / "ca.der"
    ca.write_bytes(ssl.PEM_cert_to_DER_cert(certificates.ca_pem.decode()))
    settings = run.write_settings(
        api=f"https://{PLATFORM_NAME}:{rest.port}",
        mqtt=f"mqtts://{PLATFORM_NAME}:{mqtt.port}",
        ca="/ca.der",
    )
    run.board.show_console = False
    run.mpremote("resume", "fs", "cp", str(settings), str(ca), ":")
    run.restart()
    run.see_it_work()
    for front in (rest, mqtt):
        if run.device.token.encode() not in front.received:
            raise GaveUp("the board did not log in through TLS: the front has not seen its token")
    say("you", f"TLS, verified: the board obeyed ({run.deadline.spent_s:.0f} s)")


def emulate(firmware, tls, folder, deadline):
    """Run it all, with the library for the board in `folder`/board.

    Raises GaveUp, EmulatorError, TimeoutError.
    """
    mqtt_connection.CONNECT_TIMEOUT_S = CONNECT_LIMIT_S
    certificates = Certificates(PLATFORM_NAME)
    with (
        LocalPlatform(log=lambda line: say("platform", line)) as platform,
        FaultProxy(platform.http_port, tls="good", certificates=certificates) as rest,
        FaultProxy(platform.mqtt_port, tls="good", certificates=certificates) as mqtt,
    ):
        ports = (platform.http_port, platform.mqtt_port, rest.port, mqtt.port)
        say("platform", f"REST {platform.http}, MQTT {platform.mqtt}")
        started_s = deadline.spent_s
        with EmulatedPico(
            firmware,
            ports=ports,
            names=(PLATFORM_NAME, TIME_SERVER),
            log=lambda line: say("board", line),
        ) as board:
            booted_s = deadline.spent_s - started_s
            say("board", f"booted {Path(firmware).name} in {booted_s:.1f} s: {board.port}")
            say("board", f"{GATEWAY} is this machine; of it the board reaches ports {ports}")
            run = Run(platform, board, folder, deadline)
            plain(run)
            if tls:
                over_tls(run, certificates, rest, mqtt)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("firmware", nargs="?", default="", help="MicroPython's .uf2 for RPI_PICO_W")
    parser.add_argument("--tls", action="store_true", help="then once more, over verified TLS")
    parser.add_argument(
        "--time-limit-s",
        type=float,
        default=TIME_LIMIT_S,
        help="seconds that all of it may take (%(default)s)",
    )
    args = parser.parse_args()
    if not args.firmware:
        parser.error(
            "which firmware? Give MicroPython's .uf2 for the board RPI_PICO_W: "
            "make emulate FIRMWARE=image.uf2"
        )
    try:
        checked = images.check(args.firmware)
    except ImageError as error:
        parser.error(str(error))
    if not checked.has_wifi:
        parser.error(
            f"{args.firmware} is for a Pico without Wi-Fi, and the program needs a network. "
            "Take the .uf2 for RPI_PICO_W."
        )
    return args


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    BUILD.mkdir(exist_ok=True)
    deadline = Deadline(args.time_limit_s)
    # A folder of its own, and gone afterwards: the token of the settings is in it.
    with tempfile.TemporaryDirectory(prefix="emulate-", dir=BUILD) as folder:
        say("you", "make board-files")
        board_folder.build(Path(folder, "board"))
        try:
            emulate(args.firmware, args.tls, Path(folder), deadline)
        except (GaveUp, EmulatorError, TimeoutError) as error:
            sys.exit(f"emulate: {error}")
    print(f"All done in {deadline.spent_s:.0f} s.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nstopped")
