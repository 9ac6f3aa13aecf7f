"""A simulated board in a process of its own, which tells what happens as JSON, object by line."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[2]
_CLOSE_LIMIT_S = 5


class EventsProcess:
    """What the virtual board and the emulator have in common; use them with `with`.

    A subclass says in `_note(event)` what an event is kept as, and returns lines for `log`.

    Args:
        ended: what is said of a process that has ended by itself.
        log: called from another thread with a line for each thing that happens.
    """

    def __init__(self, ended: str, log: Callable[[str], None] | None) -> None:
        self._ended = ended
        self._log = log
        self._process: subprocess.Popen[str] | None = None
        self._changed = threading.Condition()
        self._output: list[str] = []
        self._error = ""
        self.port = ""

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def start(self) -> None:
        """Power the board on; returns when its serial port is there."""
        raise NotImplementedError

    def _run(self, module: str, *arguments: str, wait: Callable[[], object]) -> None:
        """Run a module of this project; closed again if `wait()` raises."""
        paths = [str(_PROJECT), os.environ.get("PYTHONPATH", "")]
        # A session of its own: Ctrl-C is for the parent, whose end closes the standard input.
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
        self._reader = threading.Thread(target=self._read_events, daemon=True)
        self._reader.start()
        try:
            wait()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Switch the board off."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            process.wait(_CLOSE_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._reader.join(_CLOSE_LIMIT_S)
        process.stdout.close()

    @property
    def process_id(self) -> int:
        """The process; an interpreter is its child."""
        return self._process.pid

    @property
    def output(self) -> str:
        """Everything the board has printed so far, whether anybody listened or not."""
        with self._changed:
            self._output[:] = ["".join(self._output)]
            return self._output[0]

    def _note(self, event: dict) -> list[str]:
        raise NotImplementedError

    def _read_events(self) -> None:
        for line in self._lines(self._process.stdout):
            with self._changed:
                words = self._note(json.loads(line))
                self._changed.notify_all()
            for text in words if self._log else ():
                self._log(text)
        with self._changed:
            self._error = self._error or self._ended
            self._changed.notify_all()

    @staticmethod
    def _lines(stream) -> Iterator[str]:
        try:
            yield from stream
        except ValueError:  # closed by close()
            return
