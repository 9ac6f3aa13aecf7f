"""make provision: what lands on the board, what is shown, and that wrong input writes nothing.

Against the local platform, in plain text and with TLS of a root that only the PC's trust store has;
the board is the virtual one, reached through its serial port.
"""

import json
import os
import pty
import select
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
from littlefs import LittleFS

from tests.support.device_process import pieces
from tests.support.virtual_board_console import mpremote
from tools.board import wanted_files
from tools.image import file_system
from tools.simulate import interpreters
from tools.simulate.fault_proxy import Certificates, FaultProxy
from tools.simulate.local_platform import LocalPlatform
from tools.simulate.virtual_board import VirtualBoard

ROOT = Path(__file__).resolve().parents[2]
PROVISION = [sys.executable, "-m", "tools.board.provision"]
PASSWORD = "correct-horse-battery"
TIME_LIMIT_S = 60
BLOCK_BYTES = 4096
FLASH_BYTES = 848 * 1024

MAIN = """
from allthingstalk import Device, IntegerAsset
from allthingstalk.board import settings

class Meter(Device):
    count = IntegerAsset()

loaded = settings.load()
wifi = loaded.wifi()
if wifi:
    wifi.connect(10)
meter = Meter(client=loaded.client(), id=loaded.device)
meter.count = 42
print("flushed", meter.client.flush(10))
"""


class Flash:
    """The board's littlefs, on which a file is replaced by a rename as on a real board."""

    def __init__(self, image):
        self.image = image

    def files(self):
        """Return {path: bytes} of what is on the board besides the library."""
        fs = LittleFS(
            block_size=BLOCK_BYTES,
            block_count=FLASH_BYTES // BLOCK_BYTES,
            prog_size=256,
            read_size=32,
            cache_size=1024,  # MicroPython's: it holds larger files inside a folder's block
            mount=False,
        )
        fs.context.buffer = bytearray(self.image.read_bytes())
        fs.mount()
        found = {}
        for name in fs.listdir("/"):
            if name != "lib":
                with fs.open("/" + name, "rb") as file:
                    found[name] = file.read()
        return found

    def settings(self):
        return json.loads(self.files()["settings.json"].decode())


@pytest.fixture(scope="module")
def image():
    """The bytes of a flash with the library and a program."""
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    files = {**wanted_files.library(), **wanted_files.engines(), "/main.py": MAIN.encode()}
    return file_system.build(files, FLASH_BYTES).ljust(FLASH_BYTES, b"\xff")


@pytest.fixture
def flash(image, tmp_path):
    (tmp_path / "flash.img").write_bytes(image)
    return Flash(tmp_path / "flash.img")


@pytest.fixture
def board(flash):
    with VirtualBoard(flash.image, littlefs=True, like="pico-w") as running:
        yield running


def put(board, tmp_path, values):
    """Let the board have settings already; return what is on it then."""
    (tmp_path / "settings.json").write_text(json.dumps(values))
    mpremote(board, "fs", "cp", str(tmp_path / "settings.json"), ":")


@pytest.fixture
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture
def values(platform):
    device = platform.create_device("Provisioned")
    return {
        "token": device.token,
        "device": device.id,
        "api": platform.http,
        "mqtt": f"mqtt://{platform.mqtt}",
        "wifi": [["home", PASSWORD], ["café", None]],
        "timeout": 3,
    }


class Fronts:
    """TLS in front of a platform, and a trust store for the PC that holds their root."""

    def __init__(self, rest, mqtt, folder):
        self.rest, self.mqtt = rest, mqtt
        self.store = folder / "store.pem"
        self.store.write_bytes(rest.ca_pem)

    @property
    def environment(self):
        return {"SSL_CERT_FILE": str(self.store), "SSL_CERT_DIR": str(self.store.parent / "none")}


@pytest.fixture
def fronts(platform, values, tmp_path):
    certificates = Certificates()
    with (
        FaultProxy(platform.http_port, tls="good", certificates=certificates) as rest,
        FaultProxy(platform.mqtt_port, tls="good", certificates=certificates) as mqtt,
    ):
        values["api"] = f"https://localhost:{rest.port}"
        values["mqtt"] = f"mqtts://localhost:{mqtt.port}"
        yield Fronts(rest, mqtt, tmp_path)


def given(tmp_path, values):
    """Return the arguments that name a file of settings."""
    path = tmp_path / "given.json"
    path.write_text(json.dumps(values))
    return ["--from", str(path)]


def provision(port, *arguments, environment=None, said="", token=""):
    """Run the tool with nobody at a terminal; return (exit status, what it printed)."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("ALLTHINGSTALK_")}
    done = subprocess.run(
        [*PROVISION, "--port", port, *arguments],
        cwd=ROOT,
        input=said,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIME_LIMIT_S,
        env={**own, "PYTHONIOENCODING": "utf-8", **(environment or {})},
    )
    for secret in filter(None, [token, PASSWORD]):
        assert not any(piece in done.stdout for piece in pieces(secret)), "a secret was printed"
    assert "Traceback" not in done.stdout, done.stdout
    return done.returncode, done.stdout


def test_settings_of_a_file_land_on_the_board_which_goes_on_line(
    board, flash, platform, values, tmp_path
):
    status, said = provision(board.port, *given(tmp_path, values), token=values["token"])
    assert status == 0, said
    assert flash.settings() == values
    assert set(flash.files()) == {"main.py", "settings.json"}
    assert "token='maker:***'" in said and "('home', '***'), ('café', None)" in said
    assert "ok    MQTT" in said and "written   /settings.json" in said
    board.wait_for("flushed True", 20)
    assert platform.state(values["device"], "count")["value"] == 42
    assert "Wi-Fi home: connected" in board.output


def test_a_board_is_reset_after_it_and_has_no_wifi_of_before(
    board, flash, platform, values, tmp_path
):
    put(board, tmp_path, values)
    board.reset()
    at = board.wait_for("flushed True", 20)
    arguments = given(tmp_path, {**values, "wifi": [["office", PASSWORD]]})
    board.wifi(True, only="home")
    status, said = provision(board.port, *arguments, token=values["token"])
    assert status == 0 and "make doctor" in said, said
    assert board.starts[-1] == "reset"
    board.wait_for("Wi-Fi office: no such network", 20, at)
    assert "Wi-Fi home" not in board.output[at:]


def test_the_root_of_the_endpoint_and_no_other_lands_on_the_board(
    board, flash, platform, fronts, values, tmp_path
):
    other = Certificates()  # the store holds more than one root, as all do
    fronts.store.write_bytes(other.ca_pem + fronts.rest.ca_pem)
    status, said = provision(
        board.port,
        *given(tmp_path, values),
        environment=fronts.environment,
        token=values["token"],
    )
    assert status == 0, said
    root = ssl.PEM_cert_to_DER_cert(fronts.rest.ca_pem.decode())
    assert flash.files()["ca.der"] == root
    assert "root      " in said and "good until 3000-01-01" in said
    assert f"written   /ca.der, {len(root)} bytes" in said
    at = board.wait_for("flushed True", 20)
    assert platform.state(values["device"], "count")["value"] == 42
    before = fronts.mqtt.counters.handshakes
    board.reset()
    board.wait_for("flushed True", 20, at)
    assert fronts.mqtt.counters.handshakes == before + 1
    # And the board does verify: with another's certificate it says nothing.
    fronts.rest.use_certificate("other-ca")
    heard = len(fronts.rest.received)
    at = len(board.output)
    board.reset()
    board.wait_for("CertificateException", 20, at)
    assert len(fronts.rest.received) == heard


def test_files_are_replaced_on_a_second_run(board, flash, platform, values, tmp_path):
    for hostname in ("first", "second"):
        arguments = [*given(tmp_path, values), "--hostname", hostname, "--no-reset"]
        status, said = provision(board.port, *arguments, token=values["token"])
        assert status == 0, said
        assert flash.settings()["hostname"] == hostname
    assert "hostname='first'" in said
    assert not [name for name in flash.files() if name.endswith(".new")]


def test_values_that_wait_for_another_device_are_removed_and_said(
    board, flash, platform, values, tmp_path
):
    put(board, tmp_path, {**values, "outbox": "/outbox"})
    (tmp_path / "outbox").write_bytes(b"values that wait")
    mpremote(board, "fs", "cp", str(tmp_path / "outbox"), ":")
    same = given(tmp_path, {**values, "outbox": "/outbox"})
    status, said = provision(board.port, *same, "--no-reset", token=values["token"])
    assert status == 0 and "removed" not in said
    assert flash.files()["outbox"] == b"values that wait"
    other = platform.create_device("Another")
    changed = given(tmp_path, {**values, "device": other.id, "token": other.token})
    status, said = provision(board.port, *changed, "--no-reset", token=other.token)
    assert (
        status == 0
        and f"removed   /outbox, with the values that waited for device {values['device']}" in said
    )
    assert "outbox" not in flash.files()


def test_environment_env_file_standard_input_and_arguments(
    board, flash, platform, values, tmp_path
):
    (tmp_path / ".env").write_text(
        f"OTHER=1\nALLTHINGSTALK_DEVICE='{values['device']}'\n"
        f"ALLTHINGSTALK_API={values['api']}\nALLTHINGSTALK_HOSTNAME=file\n"
        f'ALLTHINGSTALK_WIFI=\'[["home", "{PASSWORD}"]]\'\nALLTHINGSTALK_TIMEOUT=4\n'
        "ALLTHINGSTALK_TIME_SERVERS=a.example, b.example\n"
    )
    status, said = provision(
        board.port,
        *("--from", str(tmp_path / ".env"), "--token-stdin", "--country", "BE"),
        *("--open-wifi", "guests", "--wifi", "home"),
        environment={"ALLTHINGSTALK_MQTT": values["mqtt"], "ALLTHINGSTALK_HOSTNAME": "environ"},
        said=values["token"] + "\n",
        token=values["token"],
    )
    assert status == 0, said
    assert flash.settings() == {
        "token": values["token"],
        "device": values["device"],
        "api": values["api"],
        "mqtt": values["mqtt"],
        "hostname": "environ",
        "country": "BE",
        "timeout": 4,
        "wifi": [["guests", None], ["home", PASSWORD]],
        "time_servers": ["a.example", "b.example"],
    }


def test_keep_changes_one_thing_of_what_the_board_has(board, flash, values, tmp_path):
    put(board, tmp_path, values)
    status, said = provision(
        board.port, "--keep", "--hostname", "attic", "--mqtt", "false", token=values["token"]
    )
    assert status == 0, said
    assert flash.settings() == {**values, "hostname": "attic", "mqtt": False}
    assert "holds Settings(" in said and "switch it off" in said


def test_a_root_of_the_platforms_own_is_taken_from_a_file(board, flash, fronts, values, tmp_path):
    root = ssl.PEM_cert_to_DER_cert(fronts.rest.ca_pem.decode())
    (tmp_path / "own.der").write_bytes(root)
    arguments = given(tmp_path, values)
    status, said = provision(board.port, *arguments)
    assert status == 1 and "--ca" in said and "FAIL  TLS" in said
    assert "ca.der" not in flash.files()
    status, said = provision(board.port, *arguments, "--ca", str(tmp_path / "own.der"))
    assert status == 0, said
    assert flash.files()["ca.der"] == root


@pytest.mark.parametrize("kind, words", [("expired", "expired"), ("wrong-host", "Name:")])
def test_a_certificate_that_does_not_verify_on_the_pc_writes_nothing(
    board, flash, fronts, values, tmp_path, kind, words
):
    fronts.mqtt.use_certificate(kind)
    before = flash.files()
    status, said = provision(board.port, *given(tmp_path, values), environment=fronts.environment)
    assert status == 1, said
    assert "FAIL  TLS" in said and words in said and "Nothing was written" in said
    assert flash.files() == before
    assert fronts.mqtt.received == b""


@pytest.mark.parametrize("escaped", (True, False))
def test_a_file_of_a_windows_editor_lands_on_the_board_without_mark_and_escapes(
    board, flash, platform, values, tmp_path, escaped
):
    values["wifi"] = [["Café 😀", PASSWORD], ["guests", ""]]
    text = json.dumps(values, indent=1, ensure_ascii=escaped).replace("\n", "\r\n")
    (tmp_path / "given.json").write_bytes(text.encode("utf-16"))
    arguments = ["--from", str(tmp_path / "given.json")]
    status, said = provision(board.port, *arguments, token=values["token"])
    assert status == 0, said
    written = flash.files()["settings.json"]
    assert written == json.dumps(values, indent=1, ensure_ascii=False).encode() + b"\n"
    board.wait_for("Wi-Fi Café 😀: connected", 20)


def test_what_is_wrong_is_named_with_its_place_and_writes_nothing(board, flash, values, tmp_path):
    (tmp_path / "wrong.json").write_text(json.dumps({**values, "keepalive": -1}, indent=0))
    arguments = given(tmp_path, values)
    for more, environment, words in (
        (("--from", str(tmp_path / "wrong.json")), {}, "wrong.json, line 17: qos is 0 or 1"),
        ((), {"ALLTHINGSTALK_KEEPALIVE": "70000"}, "ALLTHINGSTALK_KEEPALIVE: qos is 0 or 1"),
        (("--hostname", "at home"), {}, "--hostname: hostname is 1 to 32"),
        (("--open-wifi", "n" * 33), {}, "--wifi: Wi-Fi network 1: its name"),
        ((), {"ALLTHINGSTALK_WIFI": '[["a", "b", "c"]]'}, "_WIFI: Wi-Fi network 1: it is"),
    ):
        status, said = provision(board.port, *arguments, *more, environment=environment)
        assert status == 1 and words in said, said
    assert "settings.json" not in flash.files()


@pytest.mark.parametrize(
    "change, words",
    [
        ({"tokn": "x"}, "no key 'tokn'"),
        ({"token": "maker:two words"}, "blanks"),
        ({"token": None}, "'token' has the wrong type"),
        ({"device": "maker:a-token-and-no-id"}, "is it the token"),
        ({"api": "http://h/path"}, "without a path"),
        ({"wifi": [["home", "short"]]}, "8 to 63 characters"),
        ({"wifi": "home"}, "'wifi' has the wrong type; it is"),
        ({"wifi": ["home", PASSWORD]}, '[["name", "password"], ...]'),
        ({"country": "Belgium"}, "two letters"),
        ({"device": "nobody"}, "the step device failed"),
        ({"api": "http://device.invalid"}, "the step DNS failed"),
        ({"mqtt": "mqtt://127.0.0.1:9"}, "the step TCP failed"),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_written(
    board, flash, values, tmp_path, change, words
):
    put(board, tmp_path, {"token": "maker:old-one"})
    before = flash.files()
    status, said = provision(board.port, *given(tmp_path, {**values, **change}))
    assert status == 1 and words in said, said
    assert flash.files() == before


def test_a_token_that_was_revoked_is_not_written(board, flash, platform, values, tmp_path):
    platform.revoke(values["token"])
    status, said = provision(board.port, *given(tmp_path, values), token=values["token"])
    assert status == 1 and "the step token failed" in said
    assert "settings.json" not in flash.files()


@pytest.mark.parametrize(
    "name, text, words",
    [
        ("x.json", "{", "is no JSON (line 1, column 2)"),
        ("x.json", "[1]", "neither JSON nor lines"),
        ("x.env", "ALLTHINGSTALK_TOKN=x", "there is no ALLTHINGSTALK_TOKN"),
        ("x.env", "ALLTHINGSTALK_WIFI=home", "null for an open network"),
        ("x.env", "ALLTHINGSTALK_TIMEOUT=soon", "a whole number"),
        (None, None, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(board, flash, tmp_path, name, text, words):
    path = tmp_path / (name or "nothing")
    if name:
        path.write_text(text)
    status, said = provision(board.port, "--from", str(path))
    assert status == 1 and words in said and path.name in said, said
    assert "settings.json" not in flash.files()


def test_with_nobody_to_ask_what_is_missing_is_said(board, flash, values, tmp_path):
    status, said = provision(board.port)
    assert status == 1 and "'token' is missing" in said
    status, said = provision(board.port, *given(tmp_path, values), "--wifi", "office")
    assert status == 1 and "no password for the network office" in said
    status, said = provision(board.port, "--keep")
    assert status == 1 and "no settings to keep" in said
    status, said = provision(board.port, "--token-stdin")
    assert status == 1 and "nothing came on standard input" in said
    assert "settings.json" not in flash.files()


def test_a_token_is_no_argument(board, flash):
    for option in ("--token", "--password"):
        status, said = provision(board.port, option, "maker:in-the-process-list")
        assert status == 2 and "process list" in said and "maker:in" not in said
    assert "settings.json" not in flash.files()


def test_offline_is_said_loudly_and_writes(board, flash, platform, values, tmp_path):
    platform.stop()
    status, said = provision(board.port, *given(tmp_path, values), "--offline")
    assert status == 0 and "NOT CHECKED" in said
    assert flash.settings() == values


def test_offline_with_tls_needs_a_root(board, flash, platform, fronts, values, tmp_path):
    arguments = [*given(tmp_path, values), "--offline"]
    status, said = provision(board.port, *arguments)
    assert status == 1 and "--ca" in said and "settings.json" not in flash.files()
    status, said = provision(board.port, *arguments, "--ca", str(fronts.store))
    assert status == 0 and "trustme" in said
    root = flash.files()["ca.der"]
    assert root == ssl.PEM_cert_to_DER_cert(fronts.rest.ca_pem.decode())
    status, said = provision(board.port, *arguments)
    assert status == 0 and "the board's own stays" in said
    assert flash.files()["ca.der"] == root


def test_files_that_cannot_be_written_leave_the_boards_own(board, flash, values, tmp_path):
    put(board, tmp_path, {"token": "maker:old-one"})
    mpremote(board, "fs", "mkdir", ":settings.json.new")
    status, said = provision(board.port, *given(tmp_path, values))
    assert status == 1 and "the board said: OSError" in said, said
    shown = mpremote(board, "fs", "cat", ":settings.json")
    assert shown == '{"token": "maker:old-one"}'


# A boot.py that lets the power go just before the file system's n-th rename.
POWER_GOES = """
import machine, sys
import os as real_os  # what runs at the prompt later has the same names, `os` among them

class Failing:
    left = %d

    def __getattr__(self, name):
        return getattr(real_os, name)

    def rename(self, old, new):
        Failing.left -= 1
        if not Failing.left:
            machine.reset()
        real_os.rename(old, new)

sys.modules["os"] = Failing()
"""


def test_a_flash_that_takes_its_time_is_waited_for(board, flash, values, tmp_path):
    """mpremote gives up on a board that is silent for 10 s."""
    slow = POWER_GOES.replace("machine.reset()", "__import__('time').sleep(11)") % 1
    (tmp_path / "boot.py").write_text(slow)
    mpremote(board, "fs", "cp", str(tmp_path / "boot.py"), ":")
    status, said = provision(board.port, *given(tmp_path, values), "--offline")
    assert status == 0, said
    assert flash.settings() == values


@pytest.mark.parametrize("renames", [1, 2])
def test_power_that_goes_between_two_files_leaves_each_old_or_new(
    board, flash, fronts, values, tmp_path, renames
):
    put(board, tmp_path, {"token": "maker:old-one"})
    (tmp_path / "ca.der").write_bytes(b"the old root")
    (tmp_path / "boot.py").write_text(POWER_GOES % renames)
    for name in ("ca.der", "boot.py"):
        mpremote(board, "fs", "cp", str(tmp_path / name), ":")
    arguments = [*given(tmp_path, values), "--offline", "--ca", str(fronts.store)]
    status, said = provision(board.port, *arguments)
    assert status == 1 and "stopped answering" in said, said
    assert flash.settings() == {"token": "maker:old-one"}
    root = ssl.PEM_cert_to_DER_cert(fronts.rest.ca_pem.decode())
    assert flash.files()["ca.der"] == (b"the old root" if renames == 1 else root)
    mpremote(board, "fs", "rm", ":boot.py")
    status, said = provision(board.port, *arguments)
    assert status == 0, said
    assert (flash.settings(), flash.files()["ca.der"]) == (values, root)
    assert not [name for name in flash.files() if name.endswith(".new")]


def test_a_port_that_is_not_there(tmp_path):
    status, said = provision(str(tmp_path / "tty"))
    assert status == 1 and "there is no port" in said


class Terminal:
    """The tool with a person in front of it; `answer` waits for a question."""

    def __init__(self, *arguments):
        self.shown = b""
        self._read = 0
        self.process, self._terminal = pty.fork()
        if self.process == 0:
            os.chdir(ROOT)
            os.execv(PROVISION[0], [*PROVISION, *arguments])

    def read_to(self, text):
        end = time.monotonic() + TIME_LIMIT_S
        while (at := self.shown.find(text.encode(), self._read)) < 0:
            assert time.monotonic() < end, self.shown.decode("utf-8", "replace")
            if select.select([self._terminal], [], [], 0.5)[0]:
                self.shown += os.read(self._terminal, 4096)
        self._read = at + len(text.encode())

    def answer(self, question, text):
        self.read_to(question)
        time.sleep(0.1)  # getpass switches the echo off after it has asked
        os.write(self._terminal, text.encode() + b"\n")

    def end(self):
        """Return the exit status."""
        end = time.monotonic() + TIME_LIMIT_S
        while time.monotonic() < end:
            try:
                self.shown += os.read(self._terminal, 4096)
            except OSError:  # all that had the terminal have ended
                break
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


def test_at_a_terminal_each_answer_is_checked_as_it_is_given(board, flash, platform, values):
    terminal = Terminal("--port", board.port)
    for wrong, words in (("", "the board needs it"), ("maker:two words", "blanks")):
        terminal.answer("Token", wrong)
        terminal.read_to(words)
    terminal.answer("Token", values["token"])
    terminal.answer("Id of the device", "maker:a-token")
    terminal.read_to("is it the token")
    terminal.answer("Id of the device", values["device"])
    terminal.answer("Wi-Fi network 1", "n" * 33)
    terminal.read_to("1 to 32 bytes")
    terminal.answer("Wi-Fi network 1", "home")
    terminal.answer("password", "short")
    terminal.read_to("8 to 63 characters")
    terminal.answer("Wi-Fi network 1", "home")
    terminal.answer("password", PASSWORD)
    terminal.answer("Wi-Fi network 2", "")
    terminal.answer("Endpoint", "http://h/path")
    terminal.read_to("without a path")
    terminal.answer("Endpoint", platform.http)
    terminal.answer("Host name", "")
    terminal.answer("Country", "Belgium")
    terminal.read_to("two letters")
    terminal.answer("Country", "BE")
    terminal.answer("values that wait", "")
    terminal.answer("Time servers", "")
    terminal.end()  # no broker is at the usual port
    shown = terminal.shown.decode("utf-8", "replace")
    assert "country='BE'" in shown and "Traceback" not in shown
    assert not any(piece in shown for piece in pieces(values["token"])), shown


def test_at_a_terminal_the_password_of_a_network_that_is_named_may_be_none(
    board, flash, values, tmp_path
):
    terminal = Terminal("--port", board.port, *given(tmp_path, values), "--wifi", "guests")
    terminal.answer("Password of guests (Enter: open)", "")
    assert terminal.end() == 0, terminal.shown
    board.wait_for("Wi-Fi guests: connected", 20)
    assert flash.settings()["wifi"] == [["guests", ""]]


def test_at_a_terminal_enter_keeps_what_the_board_has(board, flash, values, tmp_path):
    has = {**values, "hostname": "attic", "country": "BE", "time_servers": ["a.example"]}
    put(board, tmp_path, has)
    terminal = Terminal("--port", board.port)
    terminal.answer("Token of the device (it is not shown) (Enter: as it is)", "")
    terminal.answer(f"(Enter: {values['device']})", "")
    terminal.answer("Wi-Fi network 1 (Enter: home, café; -: none)", "café")
    terminal.answer("password (Enter: open)", "")
    terminal.answer("Wi-Fi network 2", "home")
    terminal.answer("password (Enter: as it is)", "")
    terminal.answer("Wi-Fi network 3", "")
    terminal.answer(f"(Enter: {values['api']}, {values['mqtt']}; -: api.allthingstalk.io)", "")
    terminal.answer("(Enter: attic; -: the firmware's)", "-")
    terminal.answer("(Enter: BE; -: the firmware's)", "")
    terminal.answer("values that wait", "/outbox")
    terminal.answer("(Enter: a.example; -: the usual ones)", "")
    status = terminal.end()
    shown = terminal.shown.decode("utf-8", "replace")
    assert status == 0, shown
    del has["hostname"]
    networks = [["café", None], ["home", PASSWORD]]
    assert flash.settings() == {**has, "wifi": networks, "outbox": "/outbox"}
    assert not any(piece in shown for piece in pieces(PASSWORD)), shown


def test_at_a_terminal_everything_is_asked_and_no_secret_is_shown(board, flash, platform, values):
    terminal = Terminal("--port", board.port, "--mqtt", values["mqtt"], "--http", values["api"])
    terminal.answer("Token", values["token"])
    terminal.answer("Id of the device", values["device"])
    terminal.answer("Wi-Fi network 1", "home")
    terminal.answer("password", PASSWORD)
    terminal.answer("Wi-Fi network 2", "café")
    terminal.answer("password", "")
    terminal.answer("Wi-Fi network 3", "")
    terminal.answer("Host name", "attic")
    terminal.answer("Country", "")
    terminal.answer("values that wait", "/outbox")
    terminal.answer("Time servers", "")
    status = terminal.end()
    shown = terminal.shown.decode("utf-8", "replace")
    assert status == 0, shown
    for secret in (values["token"], PASSWORD):
        assert not any(piece in shown for piece in pieces(secret)), shown
    assert flash.settings() == {
        "token": values["token"],
        "device": values["device"],
        "http": values["api"],
        "mqtt": values["mqtt"],
        "wifi": [["home", PASSWORD], ["café", None]],
        "hostname": "attic",
        "outbox": "/outbox",
    }
