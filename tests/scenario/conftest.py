"""Fixtures of the scenario tests: the three interpreters, each test on each of them."""

import pytest

from tests.scenario.device_process import CONFIGURATIONS, Interpreter
from tools import interpreters


@pytest.fixture(params=CONFIGURATIONS)
def interpreter(request, tmp_path):
    """An Interpreter; all programs that it started are ended with the test."""
    try:
        command = interpreters.find(request.param)
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    started = Interpreter(request.param, command, tmp_path)
    yield started
    started.close()
