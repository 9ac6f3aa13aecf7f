"""The Python of each page, run as one program on CPython, as `make on-pc` does, against a platform.

It finds a settings.json of a device with the token of its ground, and the ids of two further
devices: `OTHER` and `GARDEN`. A line that ends in `# -> text` prints that.
"""

import json
import os
import re
import subprocess
import sys

import pytest

from tests.support.doc_blocks import PAGES, ROOT, blocks, missing, name
from tools.simulate.local_platform import LocalPlatform

LIMIT_S = 60
OTHERS = ("OTHER", "GARDEN")


def program(page):
    """Return the Python of a page that is run as it is, and what it is to print."""
    mine = [
        block
        for block in blocks(page)
        if block.language == "python" and not {"file", "from", "save", "skip"} & set(block.marks)
    ]
    parts = [f"# {page.name}, line {block.line}\n{block.text}" for block in mine]
    shown = [line for part in parts for line in re.findall(r"# -> (.*)$", part, re.M)]
    return "\n".join(parts), shown


RUN = [page for page in PAGES if program(page)[0]]


@pytest.fixture(scope="module")
def platform():
    with LocalPlatform() as running:
        yield running


@pytest.mark.parametrize("page", RUN, ids=name)
def test_the_code_of_a_page_runs_and_prints_what_it_says(page, platform, tmp_path):
    source, shown = program(page)
    ids = {other: platform.create_device(other).id for other in OTHERS}
    settings = {
        "token": platform.ground_token,
        "device": platform.create_device(page.name).id,
        "api": platform.http,
        "mqtt": f"mqtt://{platform.mqtt}",
        "ground": platform.ground,
        "wifi": [["home", "passw0rd"]],
        "timeout": 5,
    }
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    given = "".join(f"{other} = {device!r}\n" for other, device in ids.items())
    (tmp_path / "page.py").write_text(given + source, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tools.simulate.on_pc", "page.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stdout
    assert missing(shown, done.stdout) is None, done.stdout
    assert "raised" not in done.stdout and "fault of this library" not in done.stdout, done.stdout
