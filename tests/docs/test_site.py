"""`make docs`: the site builds without a warning, is complete, and reads well on a phone."""

import json
import re
import subprocess
import sys
import threading
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import pytest

from tests.support import browser
from tests.support.doc_blocks import ROOT

pytest.importorskip("mkdocs", reason="mkdocs is not here: make test installs it")
_LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "tools.docs", "--to", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout + done.stderr
    return folder


class _Page(HTMLParser):
    """What a page loads, what it links to, and the ids that can be linked to."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.links, self.ids = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.add(attributes.get("id"))
        if tag in _LOADS and attributes.get(_LOADS[tag]):
            self.loads.append(attributes[_LOADS[tag]])
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])


@pytest.fixture(scope="module")
def pages(site):
    found = {path: _Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    found.pop(site / "404.html")  # its links begin at the top of a server
    return found


def test_nothing_is_loaded_from_elsewhere(site, pages):
    assert len(pages) > 40
    for path, page in pages.items():
        assert [load for load in page.loads if urlsplit(load).netloc] == [], path
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.search(r"(url\(|@import )['\"]?(https?:)?//", text), style


def test_every_link_and_what_is_loaded_is_in_the_site(pages):
    for path, page in pages.items():
        for link in page.links + page.loads:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), (path, link)
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].ids, (path, link)


def test_what_the_tests_are_told_is_not_shown(site):
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert (
            "{save=" not in text
            and "What the tests put in front" not in text
            or ("source" in path.parts or path.parts[-2:] == ("CONTRIBUTING.html",))
        ), path


def test_the_search_knows_every_message(site):
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    everything = " ".join(entry["text"] for entry in index["docs"])
    assert "the outbox is full, the oldest values go" in everything
    assert "this token may not connect" in everything
    assert len(index["docs"]) > 200


@pytest.fixture
def address(site):
    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            """Keep the tests' output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_phone_shows_it_without_scrolling_sideways_and_finds_connack_5(address):
    with browser.open_page(**browser.PHONE) as page:
        for name in ("index", "tutorial", "when-something-fails", "measurements", "api/client"):
            page.goto(f"{address}/{name}.html")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        page.goto(f"{address}/index.html")
        page.locator("label[for=__search]").first.click()
        # Until it has read its index it hears no keys.
        page.locator(".md-search-result__meta", has_text="Type to start").wait_for(state="attached")
        page.locator("input.md-search__input").press_sequentially("CONNACK 5")
        page.locator(".md-search-result__link", has_text="CONNACK").first.wait_for()
        browser.screenshot(page, "docs-search-phone")
