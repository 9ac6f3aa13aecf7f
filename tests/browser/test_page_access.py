"""Who sees what on the page, and that what devices say stays text."""

import pytest

from tests.browser.conftest import card, publish
from tools.simulate.local_platform import LocalPlatform

SCRIPT = "<script>alert(1)<|script>"  # a slash is no part of a name
MARKUP = "<img src=x onerror=alert(1)><b>bold</b>"


@pytest.fixture
def guarded():
    with LocalPlatform(host="0.0.0.0") as running:
        yield running


def enter(page, token):
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Show").click()


def test_names_titles_and_values_are_text(platform, page):
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    device = platform.create_device(MARKUP)
    platform.create_asset(
        device.id, SCRIPT, "actuator", "string", title="<script>alert(2)</script>"
    )
    enum = {"type": "string", "enum": [MARKUP]}
    platform.create_asset(device.id, "list", "actuator", title=MARKUP, profile=enum)
    publish(platform, device, **{SCRIPT: MARKUP, "list": MARKUP})
    card(page, "<script>alert(2)</script>").locator(".value", has_text=MARKUP).wait_for()
    page.locator("#log-rows li", has_text=MARKUP).first.wait_for()
    for tab in ("Places", "Faults", "Messages"):
        page.get_by_role("tab", name=tab).click()
    assert page.get_by_role("heading", name=MARKUP, level=2).count() == 1
    assert page.locator("img").count() == 1  # the page's own sign
    assert page.locator("b", has_text="bold").count() == 0
    assert page.locator("script").count() == 2
    assert not asked


def test_where_others_reach_it_a_token_is_asked_for(guarded, open_page):
    device = guarded.create_device("Mine")
    guarded.create_asset(device.id, "temp", title="Temp")
    other = guarded.create_device("Secret")
    guarded.create_asset(other.id, "hidden", title="Hidden")
    publish(guarded, device, temp=1)
    publish(guarded, other, hidden=42)
    with open_page(guarded, f"http://127.0.0.1:{guarded.http_port}/") as page:
        page.get_by_label("Token").wait_for()
        assert page.locator("article.card").count() == 0
        page.keyboard.press("Escape")
        assert page.get_by_label("Token").is_visible()
        enter(page, "maker:wrong")
        page.get_by_text("is not known").wait_for()
        enter(page, device.token)
        card(page, "Temp").wait_for()
        publish(guarded, other, hidden=987654)
        publish(guarded, device, temp=2)
        card(page, "Temp").locator(".value", has_text="2").wait_for()
        text = page.locator("body").text_content()
        for secret in ("Secret", "Hidden", "987654", other.id, device.token):
            assert secret not in text
        assert not page.get_by_role("tab", name="Faults").is_visible()
        assert not page.get_by_role("button", name="Add a device").is_visible()
        page.reload()
        card(page, "Temp").wait_for()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("Token").wait_for()
        enter(page, guarded.ground_token)
        card(page, "Hidden").wait_for()
        assert page.get_by_role("tab", name="Faults").is_visible()


def test_a_revoked_token_shows_nothing_more(guarded, open_page):
    device = guarded.create_device("Mine")
    guarded.create_asset(device.id, "temp", title="Temp")
    with open_page(guarded, f"http://127.0.0.1:{guarded.http_port}/") as page:
        enter(page, device.token)
        card(page, "Temp").wait_for()
        guarded.revoke(device.token)
        page.get_by_text("is not known").wait_for()
        assert page.locator("article.card").count() == 0


def test_a_token_of_another_day_is_in_nobodys_way(platform, page):
    """Where none is needed: the address may have been that of a platform which needs one."""
    page.evaluate("sessionStorage.setItem('token', 'maker:old')")
    page.reload()
    page.locator("#status.live").wait_for()
    assert page.evaluate("sessionStorage.getItem('token')") is None


def test_the_page_in_another_sites_frame_is_not_shown(platform, page):
    """Nothing can be laid over its switches for people to click."""
    policy = page.request.get(platform.page).headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
