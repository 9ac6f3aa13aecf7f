"""A fixture for the tests of sizes: the library as it goes onto a 32-bit board, to be measured."""

import logging

import pytest

from tools.measure.sizes.measures import Measures, build
from tools.simulate import interpreters


@pytest.fixture(scope="session")
def measures(tmp_path_factory):
    """The figures' source on 32-bit MicroPython."""
    try:
        command = interpreters.find("mp32")
    except interpreters.Missing as e:
        pytest.skip(str(e))
    # A program that runs out of memory drops its connections: the platform need not report it.
    logging.disable(logging.CRITICAL)
    with Measures(command, build(tmp_path_factory.mktemp("sizes"))) as measures:
        yield measures
    logging.disable(logging.NOTSET)
