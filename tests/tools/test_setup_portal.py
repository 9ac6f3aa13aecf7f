"""The set-up page in a real browser at a phone's size, served by MicroPython on a Pico W's heap.

The board has the library as it goes onto boards; its access point is a port of loopback.
"""

import json
import shutil
import ssl

import pytest

from tests.device.test_board_alone import TimeServer
from tests.support import browser
from tools.build import board_folder
from tools.simulate import interpreters
from tools.simulate.fault_proxy import Certificates, FaultProxy
from tools.simulate.local_platform import LocalPlatform
from tools.simulate.virtual_board import VirtualBoard

MAIN = """
import os
from allthingstalk import Device, IntegerAsset
from allthingstalk.board import run

class pins:
    LED = "LED"
    BUTTON = lambda: "held" in os.listdir("/")

class Meter(Device):
    count = IntegerAsset()

def program(client, settings):
    meter = Meter(client=client, id=settings.device)
    meter.count = 7
    client.wait(600)

run(program, pins, setup_portal=True)
"""
NASTY = "<script>alert('Wi-Fi')</script>"
NETWORKS = (
    ("home", "passw0rd", -80, False),
    ("home", "passw0rd", -48, False),  # a second access point of it
    (NASTY, "script kiddy", -62, False),
    ("Café Zoé", None, -71, False),
    ("attic", "up 2 stairs", -66, True),
)
SLOW_S = 90


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    return board_folder.build(tmp_path_factory.mktemp("board")) / "lib"


@pytest.fixture
def flash(library, tmp_path):
    shutil.copytree(library, tmp_path / "flash" / "lib")
    (tmp_path / "flash" / "main.py").write_text(MAIN)
    (tmp_path / "flash" / "setup_password").write_text("abcde23456")
    return tmp_path / "flash"


@pytest.fixture
def board(flash):
    with VirtualBoard(flash, like="pico-w") as running:
        running.networks(*NETWORKS)
        running.power_cut()
        yield running


@pytest.fixture
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.fixture
def device(platform):
    return platform.create_device("Meter")


def restarted(board):
    """Press the reset button; return where the output of the new start begins."""
    at = len(board.output)
    board.reset()
    return at


def opened(board, page, since=0):
    """Open the page, as a phone does by itself."""
    board.wait_for("and open http://127.0.0.1/", SLOW_S, since)
    page.goto(f"http://{board.portal_address}/")


def fill(page, platform, device, **changes):
    values = {"key": "passw0rd", "device": device.id, "token": device.token, **changes}
    page.get_by_label("Network", exact=True).select_option(values.pop("ssid", "home"))
    if not page.get_by_label("Endpoint", exact=True).is_visible():
        page.get_by_text("Another platform").tap()
    page.get_by_label("Endpoint", exact=True).fill(platform.http)
    page.get_by_label("MQTT endpoint").fill(f"mqtt://{platform.mqtt}")
    for name, text in values.items():
        page.locator(f"#{name}").fill(text)


def check(page):
    page.get_by_role("button", name="Check and save").click()


def outcome(page):
    """Wait until the check is over; return what the page says."""
    page.get_by_role("heading", name="Checking…").wait_for(state="detached", timeout=SLOW_S * 1000)
    return page.locator("main").inner_text()


def test_a_persons_way_from_an_empty_board_to_a_device_on_line(board, flash, platform, device):
    with browser.open_page(**browser.PHONE) as page:
        opened(board, page)
        options = page.get_by_label("Network", exact=True).locator("option").all_inner_texts()
        assert options == [
            *("home · strong", f"{NASTY} · fair", "Café Zoé · fair, open", "Another network…"),
        ]
        browser.screenshot(page, "setup-portal")
        fill(page, platform, device)
        browser.screenshot(page, "setup-portal-filled")
        check(page)
        page.get_by_role("heading", name="Checking…").wait_for()
        browser.screenshot(page, "setup-portal-checking")
        page.get_by_role("heading", name="The board is set up").wait_for(timeout=SLOW_S * 1000)
        browser.screenshot(page, "setup-portal-done")
    board.wait_for_starts(3, SLOW_S)
    assert platform.wait_for(lambda: platform.state(device.id, "count"), SLOW_S)["value"] == 7
    assert json.loads((flash / "settings.json").read_text()) == {
        "device": device.id,
        "token": device.token,
        "api": platform.http,
        "mqtt": f"mqtt://{platform.mqtt}",
        "wifi": [["home", "passw0rd"]],
    }
    assert not list(flash.glob("*.new"))
    for secret in (device.token, "passw0rd"):
        assert secret not in board.output


def test_a_wrong_wifi_password_is_said_and_the_token_need_not_be_typed_again(
    board, platform, device
):
    with browser.open_page(**browser.PHONE) as page:
        opened(board, page)
        fill(page, platform, device, key="password1")
        check(page)
        assert "wrong password" in outcome(page)
        browser.screenshot(page, "setup-portal-wrong-password")
        key, token = page.locator("#key"), page.locator("#token")
        assert key.get_attribute("aria-invalid") == "true"
        assert key.input_value() == token.input_value() == ""
        assert page.locator("#device").input_value() == device.id
        assert device.token not in page.content() and "password1" not in page.content()
        key.fill("passw0rd")
        check(page)
        assert "starts anew" in outcome(page)
    assert platform.wait_for(lambda: platform.state(device.id, "count"), SLOW_S)


def test_what_the_board_can_tell_by_itself_is_said_at_once_beside_the_field(
    board, platform, device
):
    with browser.open_page(**browser.PHONE) as page:
        opened(board, page)
        fill(page, platform, device, key="short", token="two words", api="https://h/path")
        check(page)
        assert page.locator("#key-n").inner_text().startswith("It is 8 to 63 characters")
        assert page.locator("#token-n").inner_text().startswith("It has blanks")
        assert page.locator("#api-n").inner_text().startswith("It is no endpoint")
        assert page.locator(":focus").get_attribute("id") == "key"
        browser.screenshot(page, "setup-portal-errors")
        page.locator("#device").fill("")
        check(page)  # the browser itself sees that it is missing
        assert page.locator("#device:invalid").count() == 1


def test_a_hidden_network_is_typed_and_an_open_one_needs_no_password(board, platform, device):
    with browser.open_page(**browser.PHONE) as page:
        opened(board, page)
        other = page.get_by_label("Name of the other")
        assert not other.is_visible()
        fill(page, platform, device, ssid="", other="no such", key="up 2 stairs")
        check(page)
        assert "no such network in reach" in outcome(page)
        assert page.locator("#ssid").get_attribute("aria-invalid") == "true"
        assert other.input_value() == "no such"
        other.fill("attic")
        page.locator("#key").fill("up 2 stairs")
        platform.stop()
        check(page)
        assert "nothing listens" in outcome(page)  # it is in the Wi-Fi, then
        page.locator("#ssid").select_option("Café Zoé")
        platform.start()
        check(page)
        assert "starts anew" in outcome(page)


def test_a_wrong_token_and_an_unknown_device_are_the_doctors_words(board, platform, device):
    other = platform.create_device("Another")
    with browser.open_page(**browser.PHONE) as page:
        opened(board, page)
        fill(page, platform, device, token=other.token)
        check(page)
        assert "refused this token" in outcome(page)
        assert page.locator("#token").get_attribute("aria-invalid") == "true"
        assert page.get_by_role("button", name="Save anyway").count() == 0
        browser.screenshot(page, "setup-portal-wrong-token")
        page.locator("#token").fill(device.token)
        page.locator("#device").fill("nobody")
        check(page)
        assert "nobody" in outcome(page)
        page.locator("#device").fill(device.id)
        check(page)
        assert "starts anew" in outcome(page)


def test_what_could_not_be_asked_can_be_saved_anyway(board, flash, platform, device):
    platform.stop()
    with browser.open_page(**browser.PHONE) as page:
        opened(board, page)
        fill(page, platform, device)
        check(page)
        assert "nothing listens" in outcome(page)
        browser.screenshot(page, "setup-portal-platform-away")
        assert not (flash / "settings.json").exists()
        page.locator("#device").fill("somebody")
        page.get_by_role("button", name="Save anyway").click()
        assert "nothing listens" in outcome(page)  # that had not been asked about: a check again
        assert not (flash / "settings.json").exists()
        page.get_by_role("button", name="Save anyway").click()
        assert "starts anew" in outcome(page)
    assert json.loads((flash / "settings.json").read_text())["device"] == "somebody"


def test_by_keyboard_alone_and_in_the_dark(board, platform, device):
    with browser.open_page(**browser.PC, color_scheme="dark") as page:
        opened(board, page)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 22, 28)"
        keys = page.keyboard
        for text in ("", "passw0rd", device.id, device.token, ""):  # the network is chosen already
            keys.press("Tab")
            keys.type(text)
        keys.press("Tab")
        keys.press("Enter")  # another platform
        for text in (platform.http, f"mqtt://{platform.mqtt}"):
            keys.press("Tab")
            keys.type(text)
        browser.screenshot(page, "setup-portal-dark")
        keys.press("Enter")
        page.get_by_role("heading", name="Checking…").wait_for()
        assert "starts anew" in outcome(page)


def test_a_board_that_was_set_up_shows_no_secret_and_keeps_what_else_it_knew(
    board, flash, platform, device
):
    saved = {
        "device": device.id,
        "token": device.token,
        "api": platform.http,
        "mqtt": f"mqtt://{platform.mqtt}",
        "wifi": [["office", "passw0rd 2"], ["garden", None]],
        "outbox": "/outbox",
        "hostname": "meter",
    }
    (flash / "settings.json").write_text(json.dumps(saved))
    (flash / "held").write_text("")
    at = restarted(board)
    with browser.open_page(**browser.PHONE) as page:
        opened(board, page, at)
        page.reload()
        assert device.token not in page.content() and "passw0rd" not in page.content()
        assert page.locator("#other").input_value() == "office"
        assert page.locator("#device").input_value() == device.id
        assert page.locator("#api").input_value() == platform.http
        page.locator("#ssid").select_option("home")
        page.locator("#key").fill("passw0rd")
        page.locator("#api").fill("http://127.0.0.1:9")  # of somebody who wants the token
        check(page)
        assert "missing" in page.locator("#token-n").inner_text()
        page.locator("#api").fill(platform.http)
        page.locator("#token").fill(device.token)
        (flash / "held").unlink()
        check(page)
        assert "starts anew" in outcome(page)
    saved["wifi"] = [["home", "passw0rd"], *saved["wifi"]]
    assert json.loads((flash / "settings.json").read_text()) == saved
    assert platform.wait_for(lambda: platform.state(device.id, "count"), SLOW_S)


def test_a_root_certificate_is_pasted_where_the_board_has_none(board, flash, platform, device):
    certificates, server = Certificates(), TimeServer()
    root = certificates.ca_pem.decode()
    with (
        FaultProxy(platform.http_port, tls="good", certificates=certificates) as rest,
        FaultProxy(platform.mqtt_port, tls="good", certificates=certificates) as mqtt,
        browser.open_page(**browser.PHONE) as page,
    ):
        saved = {
            "device": device.id,
            "token": device.token,
            "api": f"https://localhost:{rest.port}",
            "mqtt": f"mqtts://localhost:{mqtt.port}",
            "wifi": [["home", "passw0rd"]],
            "time_servers": [server.name],
        }
        (flash / "settings.json").write_text(json.dumps(saved))
        (flash / "held").write_text("")
        opened(board, page, restarted(board))
        check(page)
        assert "this board has none" in outcome(page)
        assert page.locator("#ca").get_attribute("aria-invalid") == "true"
        page.locator("#ca").fill(root[:200])
        check(page)
        assert "No certificate in PEM" in page.locator("#ca-n").inner_text()
        page.locator("#ca").fill("Issuer: trustme\n" + root)
        (flash / "held").unlink()
        check(page)
        assert "starts anew" in outcome(page)
        assert json.loads((flash / "settings.json").read_text()) == saved
        assert (flash / "ca.der").read_bytes() == ssl.PEM_cert_to_DER_cert(root)
        assert platform.wait_for(lambda: platform.state(device.id, "count"), SLOW_S)
    server.close()


def test_networks_are_looked_for_again_and_what_was_typed_stays(board, platform, device):
    with browser.open_page(**browser.PHONE) as page:
        opened(board, page)
        fill(page, platform, device)
        board.networks(("new one", "passw0rd", -40, False), *NETWORKS)
        page.get_by_role("button", name="Look for networks again").click()
        page.locator("option[value='new one']").wait_for(state="attached")
        assert page.locator("#ssid").input_value() == "home"
        assert page.locator("#device").input_value() == device.id
        assert "Kept" in page.locator("#key-n").inner_text()
        assert "Kept" in page.locator("#token-n").inner_text()
        check(page)
        assert "starts anew" in outcome(page)


def test_a_wifi_that_the_board_is_in_from_before_is_left_and_not_asked_about(
    board, flash, platform, device
):
    """A soft reset does not end a Wi-Fi."""
    (flash / "boot.py").write_text(
        "import network; w = network.WLAN(); w.active(True); w.connect('home', 'passw0rd')\n"
    )
    at = restarted(board)
    with browser.open_page(**browser.PHONE) as page:
        opened(board, page, at)
        fill(page, platform, device, ssid="Café Zoé", key="")
        check(page)
        assert "starts anew" in outcome(page)
    assert json.loads((flash / "settings.json").read_text())["wifi"] == [["Café Zoé", None]]
