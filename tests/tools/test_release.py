"""make release and make release-key: what they pack is what boards take, and nothing else."""

import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.releases import Releases
from tools.build import library, release, release_key

library.use()
from allthingstalk import __version__  # noqa: E402
from allthingstalk.release.check import check  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "from allthingstalk import update\nimport helper\nupdate.offer(helper.device, 'K')\n"


@pytest.fixture
def releases(tmp_path):
    return Releases(tmp_path / "releases")


def head(data, tmp_path):
    """Write the head of a release, up to the empty line, to a file and return it."""
    path = tmp_path / "head"
    path.write_bytes(data[: data.index(b"\n\n") + 2])
    return str(path)


def checked(releases, tmp_path, data, runs="1.0", force=False, key=None):
    return check(head(data, tmp_path), [bytes.fromhex(key or releases.key)], runs, force)


def test_a_board_finds_in_it_what_was_packed(releases, tmp_path):
    files = {"/helper.py": b"x = 1\n", "/data/empty": b""}
    data = releases.make("1.2.0", files=files, trial_s=120)
    version, seconds, start = checked(releases, tmp_path, data)
    assert (version, seconds) == ("1.2.0", 120)
    program = releases.program("1.2.0").encode()
    assert data[start:] == program + b"x = 1\n"
    line = f"{len(program)} {hashlib.sha256(program).hexdigest()} main.py"
    assert line in data[:start].decode().splitlines()


@pytest.mark.parametrize(
    ("runs", "version", "taken"),
    [
        ("0", "0.1", True),
        ("1.9", "1.10", True),
        ("1.2", "1.2.1", True),
        ("1.2.0", "1.2", False),
        ("1.2.1", "1.2", False),
        ("2", "1.99.99", False),
    ],
)
def test_only_a_higher_version_is_taken_unless_forced(releases, tmp_path, runs, version, taken):
    data = releases.make(version)
    if taken:
        assert checked(releases, tmp_path, data, runs)[0] == version
    else:
        with pytest.raises(ValueError, match="which is not older"):
            checked(releases, tmp_path, data, runs)
    assert checked(releases, tmp_path, data, runs, force=True)[0] == version


def test_forged_changed_and_unsigned_ones_are_refused(releases, tmp_path):
    data = releases.make("1.2.0")
    with pytest.raises(ValueError, match="signed by nobody that this program trusts"):
        checked(releases, tmp_path, releases.make("1.2.0", key=Ed25519PrivateKey.generate()))
    for old, new in ((b"version 1.2.0", b"version 1.3.0"), (b" main.py", b" main.px")):
        with pytest.raises(ValueError, match="signed by nobody"):
            checked(releases, tmp_path, data.replace(old, new, 1))
    at = data.index(b"signature ")
    with pytest.raises(ValueError, match="signed by nobody"):
        checked(releases, tmp_path, data[:at] + b"signature x\n\n")
    with pytest.raises(ValueError, match="it is not signed"):
        checked(releases, tmp_path, data[:at] + b"\n\n")
    with pytest.raises(ValueError, match="goes on behind the signature"):
        more = data.replace(b"\n\n", b"\n1 " + b"0" * 64 + b" ../x\n\n", 1)
        checked(releases, tmp_path, more)
    with pytest.raises(ValueError, match="no release"):
        checked(releases, tmp_path, b"<html>\n\n")


def test_one_of_several_keys_is_enough(releases, tmp_path):
    other = release_key.public(Ed25519PrivateKey.generate())
    keys = [bytes.fromhex(other), bytes.fromhex(releases.key)]
    assert check(head(releases.make("2"), tmp_path), keys, "1", False)[0] == "2"


def test_it_is_for_a_board_a_library_and_a_micropython(releases, tmp_path, monkeypatch):
    data = releases.make("1.2.0", boards=["RPI_PICO_W", "ESP32_GENERIC"])
    with pytest.raises(ValueError, match="it is for RPI_PICO_W ESP32_GENERIC, and this is"):
        checked(releases, tmp_path, data)
    checked(releases, tmp_path, releases.make("1.2.0", boards=["RPI_PICO_W", sys.platform]))
    monkeypatch.setattr(release, "library_version", lambda: "99.1")
    data = releases.make("1.2.0")
    with pytest.raises(ValueError, match=f"needs the library 99.1, and this is {__version__}"):
        checked(releases, tmp_path, data)
    brings = releases.make("1.2.0", files={"/lib/allthingstalk/__init__.mpy": b"x"})
    assert checked(releases, tmp_path, brings)[0] == "1.2.0"
    monkeypatch.undo()
    monkeypatch.setattr(release.wanted_files, "LEAST_TEXT", "99.0")
    with pytest.raises(ValueError, match="needs MicroPython 99.0"):
        checked(releases, tmp_path, releases.make("1.2.0"))


@pytest.mark.parametrize("name", ["../boot.py", "/boot.py", "a//b", "a/../../b", "x" * 129])
def test_a_file_that_would_lie_elsewhere_is_refused(releases, tmp_path, name):
    data = releases.make("1.2.0", files={"/" + name: b"x"})
    with pytest.raises(ValueError, match="names a file that cannot be"):
        checked(releases, tmp_path, data)


def test_without_main_py_it_is_refused(releases, tmp_path):
    data = release.pack({"/other.py": b""}, "1.2.0", releases.private)
    with pytest.raises(ValueError, match="it names no main.py"):
        checked(releases, tmp_path, data)


# -- the commands ---------------------------------------------------------------------------------


def run(folder, module, *options):
    """Run a tool in a folder; return (exit status, what it said)."""
    done = subprocess.run(
        [sys.executable, "-m", f"tools.build.{module}", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert "Traceback" not in done.stdout, done.stdout
    return done.returncode, done.stdout


@pytest.fixture
def program(tmp_path):
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "main.py").write_text(PROGRAM)
    (folder / "helper.py").write_text("device = None\n")
    return folder


def test_a_key_is_made_once_and_a_program_packed_with_it(program, tmp_path):
    status, said = run(tmp_path, "release_key")
    assert status == 0, said
    key = said.splitlines()[-1].removeprefix('KEY = "').removesuffix('"')
    assert stat.S_IMODE((tmp_path / "release.key").stat().st_mode) == 0o600
    assert run(tmp_path, "release_key") == (0, said), "it is the same the second time"
    options = ("--version", "1.2.0", "--main", str(program), "--to", str(tmp_path / "out"))
    status, said = run(tmp_path, "release", *options)
    assert status == 0 and "1.2.0: 2 files" in said, said
    assert "update = 1.2.0" in said
    data = (tmp_path / "out" / "1.2.0").read_bytes()
    found = check(head(data, tmp_path), [bytes.fromhex(key)], "0", False)
    assert sorted(data[found[2] :].splitlines()) == sorted(
        (PROGRAM + "device = None").encode().splitlines()
    )
    private = (tmp_path / "release.key").read_bytes()
    assert private.splitlines()[1] not in data
    status, said = run(tmp_path, "release", *options, "--library", "--boards", "esp32_generic")
    assert status == 0, said
    data = (tmp_path / "out" / "1.2.0").read_bytes()
    assert b"boards ESP32_GENERIC\n" in data and b" lib/allthingstalk/update.mpy\n" in data


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--version", "one"), "'one' is no version: give VERSION=1.2.0"),
        (("--version", ""), "'' is no version: give VERSION=1.2.0"),
        (("--key", "other.key"), "there is no other.key: make release-key makes one"),
        (("--key", "wrong.key"), "wrong.key is no private key"),
        (("--trial", "5"), "a trial of less than 30 s"),
        (("--boards", "NONE"), "NONE"),
        (("--main", "nowhere.py"), "nowhere.py cannot be read"),
        (("--main", "plain.py"), "nothing in plain.py imports allthingstalk.update"),
        (("--main", "broken.py"), "broken.py"),
    ],
)
def test_what_cannot_be_packed_is_said(program, tmp_path, options, says):
    release_key.make(tmp_path / "release.key")
    (tmp_path / "wrong.key").write_text("x")
    (tmp_path / "plain.py").write_text("print(1)\n")
    (tmp_path / "broken.py").write_text("def\n")
    given = {"--version": "1.0", "--main": str(program), "--to": str(tmp_path / "out")}
    given |= {options[0]: options[1]}
    status, said = run(tmp_path, "release", *[word for pair in given.items() for word in pair])
    assert status == 1 and said.startswith("release: ") and says in said, said
    assert not (tmp_path / "out").exists()
