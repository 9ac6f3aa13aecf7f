"""The board check refuses what no board has, and lets pass what all have."""

import pytest

from tools.check import __main__ as check
from tools.check import board_stubs

BOARDS = tuple(board_stubs.BOARDS)


def errors(tmp_path, board, source):
    path = tmp_path / "module.py"
    path.write_text(source, encoding="utf-8")
    try:
        return check.type_errors(board, path)
    except board_stubs.Missing as e:
        pytest.skip(str(e))


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.monotonic()\n",
        "import datetime\n",
        "import copy\n",
        "import os\nos.environ\n",
        "'a'.capitalize()\n",
        "try:\n    pass\nexcept ConnectionError:\n    pass\n",
        "import time\ntime.sleep_ms()\n",
        "def f():\n    import json\n    json.JSONDecoder\n    re.findall('a', 'b')\n",
    ],
)
def test_a_call_that_no_board_has_is_refused(tmp_path, board, source):
    assert errors(tmp_path, board, source)


@pytest.mark.parametrize("board", BOARDS)
def test_calls_that_every_board_has_are_taken(tmp_path, board):
    source = (
        "import gc, machine, network, os, time\n"
        "from umqtt import simple\n"
        "import urequests\n"
        "def f(x):\n"
        "    time.sleep_ms(1)\n"
        "    gc.mem_alloc()\n"
        "    os.uname()\n"
        "    machine.Pin(2).value(1)\n"
        "    simple.MQTTClient('a', 'b').check_msg()\n"
        "    urequests.get('http://h').close()\n"
        "    return x.undefined + 'a'.upper()\n"
    )
    assert errors(tmp_path, board, source) == []


def test_what_one_board_lacks_is_refused_for_that_board_only(tmp_path):
    source = "import esp32\nesp32.raw_temperature\n"
    assert errors(tmp_path, "pico_w", source)
    assert not [line for line in errors(tmp_path, "esp32", source) if "import" in line]


def test_a_method_that_micropython_lacks_is_refused_on_values_of_unknown_type(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("def f(x):\n    return x.capitalize()\n", encoding="utf-8")
    try:
        found = check.method_errors(path)
    except board_stubs.Missing as e:
        pytest.skip(str(e))
    assert len(found) == 1 and "capitalize" in found[0] and ":2:" in found[0]
