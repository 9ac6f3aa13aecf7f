"""The platform of the scenarios: the plainest there is, and one with the manners of the field."""

import pytest

from tools.simulate.local_platform import LocalPlatform
from tools.simulate.local_platform.manners import LIKE_THE_FIELD, Manners

MANNERS = {"plain": Manners(), "field": LIKE_THE_FIELD}


@pytest.fixture(scope="module", params=MANNERS)
def manners(request):
    """Each scenario that asks for a platform runs once with each of these."""
    return MANNERS[request.param]


@pytest.fixture(scope="module")
def platform(manners):
    with LocalPlatform(manners=manners) as running:
        yield running


@pytest.fixture
def own_platform(manners):
    """A platform that a test may stop."""
    with LocalPlatform(manners=manners) as running:
        yield running
