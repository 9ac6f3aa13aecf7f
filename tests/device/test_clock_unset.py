"""A clock that was never set is named as the cause, instead of the certificate; nothing is said.

libfaketime, from Debian's package faketime, gives the process a Pico W's clock after power-on.
"""

from pathlib import Path

import pytest

from tests.support.device_process import Interpreter
from tools.simulate import interpreters
from tools.simulate.fault_proxy import FaultProxy
from tools.simulate.fault_proxy.certificates import Certificates
from tools.simulate.local_platform import LocalPlatform

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
POWER_ON = "@2021-01-01 00:00:00"

PROGRAM = """
from allthingstalk import CertificateException, Client, Device, NumberAsset, timestamps

class Board(Device):
    temp = NumberAsset()

print("clock", timestamps.clock_is_set())
client = Client(TOKEN, http=HTTP, mqtt=MQTT, ca=CA, timeout=5)
try:
    Board(client=client, id=DEVICE_ID)
except CertificateException as e:
    print("refused", e)
"""


@pytest.fixture(params=["cpython", "mp64"])
def interpreter(request, tmp_path):
    """An interpreter whose clock starts where a Pico W's does."""
    if not FAKETIME:
        pytest.skip("libfaketime is not installed (Debian: faketime)")
    try:
        command = interpreters.find(request.param)
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    clock = ["env", f"LD_PRELOAD={FAKETIME}", f"FAKETIME={POWER_ON}"]
    started = Interpreter(request.param, [*clock, *command], tmp_path)
    yield started
    started.close()


@pytest.mark.parametrize("side", ["REST", "MQTT"])
def test_the_clock_is_named_and_no_byte_of_the_token_said(interpreter, side):
    certificates = Certificates()
    with (
        LocalPlatform() as platform,
        FaultProxy(platform.http_port, tls="good", certificates=certificates) as rest,
        FaultProxy(platform.mqtt_port, tls="good", certificates=certificates) as mqtt,
    ):
        device = platform.create_device()
        program = interpreter.run(
            PROGRAM,
            {
                "TOKEN": device.token,
                "DEVICE_ID": device.id,
                "HTTP": platform.http if side == "MQTT" else f"https://localhost:{rest.port}",
                "MQTT": f"mqtts://localhost:{mqtt.port}",
                "CA": certificates.ca_pem,
            },
        )
        assert program.all("clock") == ["False"]
        (said,) = program.all("refused")
        assert "the clock is not set" in said and "set_clock()" in said
        tried = mqtt if side == "MQTT" else rest
        assert tried.counters.connections == 1
        assert tried.received == b""
        assert device.token.encode() not in tried.before_handshake
