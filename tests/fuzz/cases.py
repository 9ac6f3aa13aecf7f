"""What makes a function a fuzz test: so many cases, each counted, none of them endless.

`@fuzz(1000, data=st.binary())` runs a test on 1,000 cases. A case that takes too long, or reads
too often, is one that failed. Cases are the same in each run unless FUZZ_SEED=n asks for others;
FUZZ_SCALE=10 makes ten times as many. Hypothesis prints the smallest failing case as a call.
"""

import functools
import os
import signal

from hypothesis import HealthCheck, given, seed, settings

CASE_S = 30  # no case takes a hundredth of it; a loaded machine is no hang
SEED = os.environ.get("FUZZ_SEED")
SCALE = float(os.environ.get("FUZZ_SCALE", 1))

ran = 0  # cases of this process


class Hang(BaseException):
    """Raised in the middle of the library, past its `except Exception`."""


def _too_long(*_):
    raise Hang("a case took more than %d s" % CASE_S)


def fuzz(examples, **strategies):
    """Return a decorator that runs a test on `examples` cases drawn from `strategies`."""

    def decorate(test):
        @functools.wraps(test)
        def case(**drawn):
            global ran
            ran += 1
            signal.signal(signal.SIGALRM, _too_long)
            signal.setitimer(signal.ITIMER_REAL, CASE_S)
            try:
                test(**drawn)
            except Hang as e:
                raise AssertionError("hang: %s" % e) from e
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)

        limits = settings(
            max_examples=max(1, int(examples * SCALE)),
            derandomize=SEED is None,
            database=None,
            deadline=None,  # timing belongs to the machine; Hang is the bound
            suppress_health_check=list(HealthCheck),
        )
        drawn = limits(given(**strategies)(case))
        return drawn if SEED is None else seed(int(SEED))(drawn)

    return decorate
