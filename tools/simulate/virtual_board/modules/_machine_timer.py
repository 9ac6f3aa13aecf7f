"""machine.Timer: callbacks as soft interrupts in the main program.

A thread watches the clock and passes due callbacks to micropython.schedule. The interpreter runs
them between byte codes and in time.sleep_ms (time.sleep is built on it, see time.py). It does not
run them while it waits for input at the prompt or in select.poll; there the thread collects
garbage, because the port interrupts the other threads for that, and an interrupted read() or
poll() looks after scheduled callbacks. A blocking socket call is left alone: its time-out would
start anew each time, so callbacks wait until it returns.
"""

import _thread
import sys
import time

import _virtual_board as _board
import micropython

_LONGEST_PAUSE_MS = 20
_NUDGE_AFTER_MS = 5

# The thread has no interpreter lock (the port's threads are "unsafe"): it gets whole tuples, looks
# at one at a time, and allocates nothing.
_running = [()]
_thread_state = ["none"]

try:
    _system_call = open("/proc/self/syscall", "rb")
except OSError:
    _system_call = None
_system_call_text = bytearray(6)


def _main_waits():
    """Whether the main thread is in read(0), poll or ppoll, by its Linux x86-64 call number."""
    if _system_call is None:
        return False
    _system_call.seek(0)
    _system_call.readinto(_system_call_text)
    text = _system_call_text
    if text[0] == 0x30 and text[1] == 0x20:  # "0 0x0 ": read from file descriptor 0
        return text[4] == 0x30 and text[5] == 0x20
    if text[0] == 0x37 and text[1] == 0x20:  # "7 ": poll
        return True
    return text[0] == 0x32 and text[1] == 0x37 and text[2] == 0x31  # "271": ppoll


def _watch():
    import gc

    pause_ms = 0
    while _thread_state[0] == "running":
        time.sleep_ms(pause_ms)
        pause_ms = _LONGEST_PAUSE_MS
        now_ms = time.ticks_ms()
        nudge = False
        for timer in _running[0]:
            if timer._scheduled:
                nudge = nudge or time.ticks_diff(now_ms, timer._due_ms) > _NUDGE_AFTER_MS
                pause_ms = _NUDGE_AFTER_MS
                continue
            left_ms = time.ticks_diff(timer._due_ms, now_ms)
            if left_ms <= 0:
                timer._scheduled = True
                try:
                    micropython.schedule(timer._fire_bound, timer)
                except RuntimeError:  # the queue is full; the next round tries again
                    timer._scheduled = False
                left_ms = _NUDGE_AFTER_MS
            pause_ms = min(pause_ms, left_ms)
        if nudge and _main_waits():
            gc.collect()
    _thread_state[0] = "ended"


def _stop_thread():
    """End the thread before the interpreter ends, which else may wait for it for ever."""
    if _thread_state[0] == "running":
        _thread_state[0] = "stopping"
        for _ in range(200):
            if _thread_state[0] == "ended":
                return
            time.sleep_ms(1)


class Timer:
    """A periodic or one-shot timer."""

    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id=-1, **options):
        if _board.LIKE == "pico-w" and id != -1:
            raise ValueError("Timer doesn't exist")
        self._fire_bound = self._fire
        self._scheduled = False
        self._callback = None
        if options:
            self.init(**options)

    def init(self, *, mode=PERIODIC, freq=-1, period=-1, callback=None, hard=False):
        self.deinit()
        if freq != -1:
            period = int(1000 / freq)
        if period <= 0:
            raise ValueError("Timer needs a period in ms or a freq in Hz above 0")
        self._mode = mode
        self._period_ms = period
        self._callback = callback
        self._due_ms = time.ticks_add(time.ticks_ms(), period)
        _running[0] = _running[0] + (self,)
        if _thread_state[0] == "none":
            _thread_state[0] = "running"
            sys.atexit(_stop_thread)
            _thread.start_new_thread(_watch, ())

    def deinit(self):
        self._callback = None
        _running[0] = tuple([timer for timer in _running[0] if timer is not self])

    def _fire(self, _):
        # Ctrl-C is for the program, but the scheduler ends it together with a callback that
        # happens to run; the bridge is asked for another one.
        try:
            self._call()
        except KeyboardInterrupt:
            _board.report("interrupt-again")

    def _call(self):
        callback = self._callback
        if callback is None:
            self._scheduled = False
            return
        if self._mode == self.ONE_SHOT:
            self.deinit()
        else:
            # Ticks missed by a busy program are lost, not made up for, as with a soft timer.
            due_ms = time.ticks_add(self._due_ms, self._period_ms)
            now_ms = time.ticks_ms()
            if time.ticks_diff(due_ms, now_ms) < 0:
                due_ms = time.ticks_add(now_ms, self._period_ms)
            self._due_ms = due_ms
        self._scheduled = False
        callback(self)
