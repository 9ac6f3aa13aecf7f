"""`make run`: the local platform, a virtual board, the README's program; no account, no hardware.

Everything a real board goes through happens: mpremote copies the library and main.py, the board
resets, joins its Wi-Fi, creates its assets, publishes, and obeys a command. Ends by itself, or with
``--keep`` goes on for its page to be looked at; Ctrl-C ends it too.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from tools.build import board_folder
from tools.simulate.local_platform import LocalPlatform
from tools.simulate.virtual_board import VirtualBoard

ROOT = Path(__file__).resolve().parents[2]

MPREMOTE = str(Path(sys.executable).with_name("mpremote"))
MAIN = ROOT / "examples" / "first" / "main.py"
PINS = ROOT / "boards" / "ALLTHINGSTALK_RPI_PICO_W" / "pins.py"
WAIT_S = 20
REAL_BOARD = """
The same with a real board is one page, docs/bare-board.md:
  make flash, make deploy, make provision, make doctor
make platform is this platform by itself, to try it without an account.
make run RUN_OPTIONS=--keep goes on after this, with the page to be looked at.
"""


def say(who, text):
    sys.stdout.write(f"{who:>8} | {text}\n")  # one write: three threads speak here
    sys.stdout.flush()


def mpremote(port, *arguments):
    say("you", "mpremote " + " ".join(arguments).replace(str(ROOT) + "/", ""))
    done = subprocess.run(
        [MPREMOTE, "connect", port, *arguments],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        sys.exit(f"mpremote failed:\n{done.stdout}{done.stderr}")


def wait_until(what, condition, board):
    until = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > until:
            sys.exit(f"{what} did not happen in {WAIT_S} s. The board's console:\n{board.output}")
        time.sleep(0.05)


def demo(platform, board, work):
    device = platform.create_device(title="My first device")
    say("you", f"a device on the platform: id {device.id}, token {device.token[:8]}…")
    settings = work / "settings.json"
    values = {"token": device.token, "device": device.id, "wifi": [["home", "a password"]]}
    values |= {"api": platform.http, "mqtt": f"mqtt://{platform.mqtt}"}
    settings.write_text(json.dumps(values, indent=1), encoding="utf-8")
    for shown in (MAIN, settings):
        text = shown.read_text(encoding="utf-8").replace(device.token, device.token[:8] + "…")
        print(f"\n--- {shown.name}\n{text}", flush=True)
    mpremote(board.port, "fs", "cp", "-r", str(work / "board" / "lib"), ":")
    mpremote(board.port, "fs", "cp", str(MAIN), str(PINS), str(settings), ":")
    mpremote(board.port, "reset")
    wait_until("a third value", lambda: len(platform.states(device.id, "count")) > 2, board)
    wait_until("the subscription", lambda: platform.is_listening(device.id, "led"), board)
    for on in (True, False):
        say("you", f"command led {str(on).lower()}, as from the platform's dashboard")
        platform.send_command(device.id, "led", on)
        wait_until("the board's obedience", lambda on=on: board.pin("LED") == int(on), board)
        wait_until(
            "the new state",
            lambda on=on: (platform.state(device.id, "led") or {}).get("value") is on,
            board,
        )
    say("you", "the board obeyed: its LED went on and off, and its state says so")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "run", help="(build/run)")
    parser.add_argument("--keep", action="store_true", help="go on until Ctrl-C, page and all")
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    started = time.monotonic()
    say("you", "make board-files")
    board_folder.build(work / "board")
    ended = []  # then nobody wants to read that the connection of the board is lost

    def platform_says(line):
        if not ended:
            say("platform", line)

    with LocalPlatform(db=work / "platform.db", log=platform_says) as platform:
        say("platform", f"REST {platform.http}, MQTT {platform.mqtt}, page {platform.page}")
        with VirtualBoard(
            flash=work / "flash", like="pico-w", log=lambda line: say("board", line)
        ) as board:
            say("board", f"real MicroPython, a Pico W's heap, behind {board.port}")
            demo(platform, board, work)
            if arguments.keep:
                say("you", f"look at {platform.page} and press the button of led; Ctrl-C ends it")
                try:
                    signal.pause()
                except KeyboardInterrupt:  # as it was told to
                    pass
            ended.append(True)
    print(REAL_BOARD)
    print(f"All done in {time.monotonic() - started:.0f} s.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nstopped")
