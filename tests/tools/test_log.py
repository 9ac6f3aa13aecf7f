"""`make log` brings the log of a board, oldest lines first; without one it says what to do."""

import subprocess
import sys

PROGRAM = """
from allthingstalk import Client, flash_log
client = Client("maker:secret-token-of-this-board", api="http://127.0.0.1:9", log=None)
flash_log.keep(client, size=256)
for n in range(8):
    client.report("report %d, größer, maker:secret-token-of-this-board" % n)
"""


def log(board, *options):
    command = [sys.executable, "-m", "tools.board.log", "--port", board.port, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_log_of_a_board(board):
    nothing = log(board)
    assert nothing.returncode == 1 and "flash_log.keep(client)" in nothing.stderr
    mpremote = [sys.executable, "-m", "mpremote", "connect", board.port]
    subprocess.run([*mpremote, "exec", PROGRAM], check=True, capture_output=True, timeout=60)
    found = log(board)
    assert found.returncode == 0, found.stderr
    lines = found.stdout.splitlines()
    numbers = [int(line.split("report ")[1][0]) for line in lines]
    assert numbers == list(range(numbers[0], 8)) and len(numbers) > 3
    assert "größer, ***" in lines[0] and "secret" not in found.stdout
    assert log(board, "--path", "/other.txt").returncode == 1


def test_bytes_that_are_no_text_hide_no_line(board):
    mpremote = [sys.executable, "-m", "mpremote", "connect", board.port]
    write = (
        "f = open('/log.txt', 'wb'); f.write(b'first\\n\\xff\\xfe\\n\\xc3\\nlast\\n'); f.close()"
    )
    subprocess.run([*mpremote, "exec", write], check=True, capture_output=True, timeout=60)
    found = log(board)
    assert found.returncode == 0, found.stderr
    lines = found.stdout.splitlines()
    assert (lines[0], len(lines), lines[-1]) == ("first", 4, "last")
