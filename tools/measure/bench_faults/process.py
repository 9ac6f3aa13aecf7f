"""A client's program in a process of its own: it is told things, and what it prints is kept."""

import contextlib
import json
import subprocess
import threading
import time


class Program:
    """A running program; what it prints is kept, with the time.

    Its settings, the token among them, go to its standard input: arguments can be seen by others.

    Args:
        command: its command line.
        environ: its environment.
        settings: what it is told first, as a line of JSON.
    """

    def __init__(self, command: list[str], environ: dict[str, str], settings: dict):
        self.lines: list[tuple[float, str]] = []
        self._token = settings["token"]
        self._process = subprocess.Popen(
            command,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            bufsize=1,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.say(json.dumps(settings))

    def _read(self):
        for line in self._process.stdout:
            line = line.rstrip().replace(self._token, self._token[:8] + "…")
            self.lines.append((time.monotonic(), line))

    def say(self, text: str) -> None:
        """Give it a line; a program that has ended takes none."""
        with contextlib.suppress(OSError):
            self._process.stdin.write(text + "\n")
            self._process.stdin.flush()

    def has_said(self, start: str) -> bool:
        """Return whether a line began with this."""
        return any(line.startswith(start) for _, line in self.lines)

    @property
    def ended(self) -> str | None:
        """What it said last if it ended by itself; None while it runs."""
        if self._process.poll() is None:
            return None
        self._reader.join(1)
        said = [line for _, line in self.lines if line]
        return said[-1] if said else f"exit status {self._process.returncode}"

    def close(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()
        self._reader.join(1)
        with contextlib.suppress(OSError):  # what it was still to be told
            self._process.stdin.close()
        self._process.stdout.close()
