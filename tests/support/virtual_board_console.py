"""What the tests of the virtual board share: mpremote as a command, and at a terminal."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

MPREMOTE = str(Path(sys.executable).parent / "mpremote")


def mpremote(board, *arguments, fails=False, folder=None, environment=None, timeout_s=30):
    """Run one mpremote command against a board, check its exit code and return what it printed."""
    result = subprocess.run(
        [MPREMOTE, "connect", board.port, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        timeout=timeout_s,
        env={**os.environ, **(environment or {})},
    )
    output = result.stdout.decode("utf-8", "replace")
    assert (result.returncode != 0) == fails, f"{arguments}: {result.returncode}, {output}"
    return output.replace("\r\n", "\n")


def put(board, folder, name, text):
    """Write a file onto a board, by way of one in `folder`."""
    (folder / name).write_text(text)
    mpremote(board, "resume", "fs", "cp", str(folder / name), ":")


class Console:
    """mpremote at a terminal, for what is typed."""

    def __init__(self, board, *arguments, folder=None):
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            if folder:
                os.chdir(folder)
            os.execv(MPREMOTE, [MPREMOTE, "connect", board.port, *arguments])
        self.printed = b""

    def __enter__(self):
        self.expect("Use Ctrl-]")
        # mpremote sets its terminal up after it has said so.
        time.sleep(0.2)
        return self

    def __exit__(self, *exception):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.terminal)

    def type(self, text):
        os.write(self.terminal, text.encode())

    def expect(self, text, timeout_s=5):
        """Read on until a text comes, and forget all up to its end."""
        limit_s = time.monotonic() + timeout_s
        while text.encode() not in self.printed:
            left_s = limit_s - time.monotonic()
            assert left_s > 0, f"waited in vain for {text!r}, there came {self.printed!r}"
            if select.select([self.terminal], [], [], left_s)[0]:
                self.printed += os.read(self.terminal, 4096)
        self.printed = self.printed.partition(text.encode())[2]
