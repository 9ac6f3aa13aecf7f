"""Images of firmware and file system: real MicroPython mounts them and runs their main.py."""

import json
import os
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import trustme
from littlefs import LittleFS

from tests.support.firmware_files import (
    FLASH,
    KB,
    MB,
    PARTITIONS,
    PICO_W_FS,
    RP2040,
    RP2350,
    RP2350_ABSOLUTE,
    esp32,
    pico,
    uf2_block,
    uf2_contents,
)
from tools.board import boards, wanted_files
from tools.image import __main__ as image
from tools.image import esp_image, uf2
from tools.simulate import interpreters
from tools.simulate.virtual_board import VirtualBoard

ROOT = Path(__file__).resolve().parents[2]
MAIN = """
import json, sys
import allthingstalk, pins
from allthingstalk.board.settings import load
settings = load()
print("RUNS", allthingstalk.__file__, settings.device, pins.LED, "token" in repr(settings))
"""
ESP32, PICO, PICO2 = "ESP32_GENERIC", "RPI_PICO_W", "RPI_PICO2_W"
SECRET = "maker:4TsecretTOKEN1"
ROOTS = [trustme.CA(organization_name=name).cert_pem.bytes().decode() for name in ("Old", "New")]
DER = [ssl.PEM_cert_to_DER_cert(pem) for pem in ROOTS]
WIFI_SECRET = "correct horse"


@pytest.fixture
def work(tmp_path):
    """A folder with main.py, a settings.json and firmware of all kinds."""
    try:
        interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    (tmp_path / "main.py").write_text(MAIN)
    settings = {"token": SECRET, "device": "dev-1", "wifi": [["net", WIFI_SECRET]]}
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    (tmp_path / "ca.der").write_bytes(DER[0])
    (tmp_path / "esp32.bin").write_bytes(esp32())
    (tmp_path / "pico.uf2").write_bytes(pico())
    return tmp_path


def make(work, name, file, settings="settings.json", **options):
    """Make images as the command line does; return {path: set-up password}."""
    board = boards.find(name)
    firmware = image.open_firmware(work / file, board, **options)
    path = settings and work / settings
    return image.make(board, firmware, path, work / "ca.der", work / "main.py", work / "out")


def esp_region(data, offset, size, base=0x1000):
    """Return a file system as the ESP32 finds it in flash: what is not written is erased."""
    part = data[offset - base :]
    return part + b"\xff" * (size - len(part))


def run_board(folder, region):
    """Boot a board with those bytes as its flash; return what it printed."""
    path = folder / "flash.img"
    path.write_bytes(region)
    with VirtualBoard(path, littlefs=True, like="pico-w") as board:
        board.wait_for("RUNS", timeout_s=15)
        board.wait_for("\n", since=board.output.index("RUNS"))
        return board.output


def mounted(region):
    """Return the littlefs in those bytes."""
    fs = LittleFS(block_size=4096, block_count=len(region) // 4096, mount=False)
    fs.context.buffer = bytearray(region)
    fs.mount()
    return fs


def test_micropython_runs_main_from_an_esp32_image(work):
    (path,) = make(work, ESP32, "esp32.bin")
    data = path.read_bytes()
    assert data.startswith(esp32())
    out = run_board(work, esp_region(data, 0x200000, 2 * MB))
    assert "RUNS /lib/allthingstalk/__init__.mpy dev-1 " in out and "True" in out


def test_micropython_runs_main_from_a_pico_image(work):
    (path,) = make(work, PICO, "pico.uf2")
    contents = uf2_contents(path.read_bytes())
    start, size = PICO_W_FS
    region = bytearray(b"\xff" * size)
    for address, data in contents.items():
        if address >= start:
            region[address - start : address - start + len(data)] = data
    assert "RUNS /lib/allthingstalk/__init__.mpy dev-1 LED True" in run_board(work, region)


def test_a_pico_image_holds_the_firmware_unchanged_and_whole_sectors(work):
    (path,) = make(work, PICO, "pico.uf2")
    before, after = uf2_contents(pico()), uf2_contents(path.read_bytes())
    assert {a: after[a] for a in before} == before
    added = sorted(set(after) - set(before))
    assert added[0] == PICO_W_FS[0] and len(added) * 256 % 4096 == 0
    # Contiguous: the chip's boot loader erases no sector that the file leaves out.
    assert added == list(range(added[0], added[-1] + 256, 256))


def test_over_a_used_flash_the_new_files_win(work):
    """Blocks of an older file system at the same places must not count as newer."""
    (path,) = make(work, PICO, "pico.uf2")
    start, size = PICO_W_FS
    used = work / "used.img"
    with VirtualBoard(used, littlefs=True) as board:
        many = "f = open('old%d.py' % (i % 7), 'w'); f.write(str(i) * 900); f.close()"
        script = f"import os\nfor i in range(60):\n    {many}\nopen('main.py', 'w').write('1')"
        command = [Path(sys.executable).with_name("mpremote"), "connect", board.port]
        subprocess.run([*command, "exec", script], check=True, timeout=60)
    region = bytearray(used.read_bytes())
    for address, data in uf2_contents(path.read_bytes()).items():
        if address >= start:
            region[address - start : address - start + len(data)] = data
    assert len(region) == size
    names = mounted(region).listdir("/")
    assert "old1.py" not in names and "settings.json" in names
    assert "RUNS" in run_board(work, region)


def test_the_image_holds_what_deploy_brings_and_the_settings(work):
    ((path, password),) = make(work, ESP32, "esp32.bin").items()
    fs = mounted(esp_region(path.read_bytes(), 0x200000, 2 * MB))
    board = boards.find(ESP32)
    expected = wanted_files.library() | wanted_files.engines()
    expected |= wanted_files.programs(board, work / "main.py")
    values = json.loads((work / "settings.json").read_text())
    expected["/settings.json"] = json.dumps(values, indent=1).encode() + b"\n"
    expected["/ca.der"] = (work / "ca.der").read_bytes()
    expected["/setup_password"] = password.encode()
    found = {}
    for root, _, names in fs.walk("/"):
        for name in names:
            full = root.rstrip("/") + "/" + name
            with fs.open(full, "rb") as file:
                found[full] = file.read()
    assert found == expected


@pytest.mark.parametrize(
    ("version", "disk"),
    [("1.20.0", 0x00020000), ("1.21.0", 0x00020000), ("1.22.0", 0x00020001), (None, 0x00020000)],
)
def test_old_firmware_gets_the_littlefs_that_it_can_mount(work, version, disk):
    data = esp32(version=version) if version else esp32().replace(b"MicroPython", b"MicroXython")
    (work / "old.bin").write_bytes(data)
    (path,) = make(work, ESP32, "old.bin")
    fs = mounted(esp_region(path.read_bytes(), 0x200000, 2 * MB))
    assert fs.fs_stat().disk_version == disk


def test_firmware_without_a_vfs_partition_mounts_what_is_behind_the_last_one(work):
    (work / "new.bin").write_bytes(esp32("esp32c3", 0, PARTITIONS[:-1]))
    board = boards.find("ESP32_GENERIC_C3")
    firmware = image.open_firmware(work / "new.bin", board)
    assert (firmware.fs_offset, firmware.fs_bytes) == (0x200000, 2 * MB)
    firmware = image.open_firmware(work / "new.bin", board, flash_bytes=8 * MB)
    assert (firmware.fs_offset, firmware.fs_bytes) == (0x200000, 6 * MB)


def test_an_rp2350_image_keeps_its_first_block(work):
    start = FLASH + 1536 * KB
    (work / "pico2.uf2").write_bytes(pico(RP2350, (start, 2560 * KB), absolute=True))
    (path,) = make(work, PICO2, "pico2.uf2")
    raw = path.read_bytes()
    assert raw[:512] == uf2_block(0x10FFFF00, RP2350_ABSOLUTE, b"\xef" * 256, 0, 2)[:20] + (
        b"\0\0\0\0\x01\0\0\0" + raw[28:512]
    )
    assert start in uf2_contents(raw)


def test_a_uf2_that_does_not_declare_its_file_system_needs_to_be_told(work):
    (work / "bare.uf2").write_bytes(pico(file_system=None))
    board = boards.find(PICO)
    with pytest.raises(uf2.Uf2Error, match="FLASH_SIZE=2M FS_SIZE=848k"):
        image.open_firmware(work / "bare.uf2", board)
    firmware = image.open_firmware(work / "bare.uf2", board, 2 * MB, 848 * KB)
    assert (firmware.fs_offset, firmware.fs_bytes) == PICO_W_FS


def test_firmware_that_holds_a_file_system_already_is_refused(work):
    for name, file in ((ESP32, "esp32.bin"), (PICO, "pico.uf2")):
        (path,) = make(work, name, file)
        with pytest.raises((esp_image.ImageError, uf2.Uf2Error), match="already"):
            image.open_firmware(path, boards.find(name))


def test_a_file_system_that_is_too_small_is_refused(work):
    (work / "small.uf2").write_bytes(pico(file_system=(FLASH + 2 * MB - 32 * KB, 32 * KB)))
    with pytest.raises(ValueError, match="do not fit into a file system of 32768 bytes"):
        make(work, PICO, "small.uf2")


def test_an_image_without_settings_has_none(work):
    (path,) = make(work, ESP32, "esp32.bin", settings=None)
    names = mounted(esp_region(path.read_bytes(), 0x200000, 2 * MB)).listdir("/")
    assert "settings.json" not in names and "main.py" in names


# Roots


@pytest.mark.parametrize(
    "data",
    [
        "".join(ROOTS).encode(),
        b"".join(DER),
        b"# Subject: Old\n" + "\n".join(ROOTS).replace("\n", "\r\n").encode(),
        "".join(ROOTS).encode("utf-16"),
        "".join(ROOTS).replace(" CERT", " TRUSTED CERT").encode(),
    ],
)
def test_roots_in_any_form_are_on_the_board_as_der(work, data, capsys):
    (work / "ca.der").write_bytes(data)
    (path,) = make(work, ESP32, "esp32.bin")
    fs = mounted(esp_region(path.read_bytes(), 0x200000, 2 * MB))
    with fs.open("/ca.der", "rb") as file:
        assert file.read() == b"".join(DER)
    said = capsys.readouterr().out
    assert "O=Old" in said and "O=New" in said


@pytest.mark.parametrize("data", [b"\x30\x82root", DER[0][:-3]])
def test_der_that_this_pc_cannot_read_goes_onto_the_board_with_a_warning(work, data, capsys):
    (work / "ca.der").write_bytes(data)
    (path,) = make(work, ESP32, "esp32.bin")
    fs = mounted(esp_region(path.read_bytes(), 0x200000, 2 * MB))
    with fs.open("/ca.der", "rb") as file:
        assert file.read() == data
    assert "take care: " in capsys.readouterr().out


@pytest.mark.parametrize("data", [b"", b"rubbish", b"-----BEGIN EC PRIVATE KEY-----"])
def test_a_file_that_holds_no_root_makes_no_image(work, data):
    (work / "ca.der").write_bytes(data)
    options = ["--settings", work / "settings.json", "--ca", work / "ca.der", "--to", work / "out"]
    code, out = run("--board", ESP32, "--firmware", work / "esp32.bin", *options)
    assert code == 1 and "ca.der: no root certificate in it: " in out, out
    assert "Traceback" not in out and not (work / "out").exists()


# Many devices


def csv(work, text):
    (work / "devices.csv").write_text(text)
    return "devices.csv"


def settings_in(path):
    fs = mounted(esp_region(path.read_bytes(), 0x200000, 2 * MB))
    with fs.open("/settings.json") as file:
        return json.loads(file.read())


def test_a_csv_makes_one_image_a_row_that_only_its_owner_can_read(work):
    rows = "token,device,wifi,password,api,keepalive\n"
    rows += f"{SECRET},dev-1,net,{WIFI_SECRET},http://127.0.0.1:8080,30\n\n"
    rows += f'{SECRET}2,dev-2,"net, too",,,\n'
    paths = list(make(work, ESP32, "esp32.bin", csv(work, rows)))
    assert [path.name for path in paths] == ["dev-1.bin", "dev-2.bin"]
    assert settings_in(paths[0]) == {
        "token": SECRET,
        "device": "dev-1",
        "wifi": [["net", WIFI_SECRET]],
        "api": "http://127.0.0.1:8080",
        "keepalive": 30,
    }
    expected = {"token": SECRET + "2", "device": "dev-2", "wifi": [["net, too", ""]]}
    assert settings_in(paths[1]) == expected
    for path in paths:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first, second = (path.read_bytes() for path in paths)
    assert first[: 0x200000 - 0x1000] == second[: 0x200000 - 0x1000]


def test_a_spreadsheet_with_semicolons_and_a_mark_is_read(work):
    (work / "devices.csv").write_text(f"\ufefftoken;device\r\n{SECRET};dev-1\r\n")
    (path,) = make(work, ESP32, "esp32.bin", "devices.csv")
    assert settings_in(path) == {"token": SECRET, "device": "dev-1"}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("", "no column token"),
        ("token,wifi\nx,y\n", "no column device"),
        ("token,device,tokn\n{s},dev-1,x\n", "line 1: no column 'tokn'"),
        ("token,device\n{s},dev-1\n{s},\n", "line 3: 'device' is missing"),
        ("token,device\n{s},dev-1\n{s},dev-2,more\n", "line 3: 3 cells under 2 column names"),
        ("token,device\n{s},dev-1\n{s},dev-1\n", "line 3: device dev-1 is on line 2 already"),
        ("token,device\n{s} x,dev-1\n", "line 2: 'token' has blanks"),
        ("token,device\n{s},../up\n", "line 2: 'device' has /, + or #"),
        ("token,device,keepalive\n{s},dev-1,long\n", "line 2: 'keepalive' has the wrong type"),
        ("token,device,wifi,password\n{s},dev-1,,secret\n", "line 2: a password, but no wifi"),
        ('token,device\n{s},"dev-1\n', "a quote is not closed"),
        (
            "token,device,wifi,password\n{s},dev-1,net,short\n",
            "line 2: Wi-Fi network 1: its password is",
        ),
        ("token,device\n", "no device"),
        ("token,device,wifi,password\n{s},a,guests,\n{s},b,net,1234567\n", "line 3: Wi-Fi netw"),
        ("token,device,wifi,identity,password\n{s},a,net,me,passw0rd\n", "WPA2-Enterprise"),
        ("token,device,password\n{s},dev-1,x\n", "none that is called wifi"),
        ("token,device,device\n{s},a,b\n", "line 1: the column device is there twice"),
    ],
)
def test_a_bad_row_is_named_before_anything_is_written(work, rows, words):
    with pytest.raises(ValueError) as e:
        make(work, ESP32, "esp32.bin", csv(work, rows.format(s=SECRET)))
    assert words in str(e.value) and SECRET not in str(e.value)
    assert not (work / "out").exists()


JOINS = """
from allthingstalk.board.settings import load
settings = load()
settings.wifi().connect(5)
print("RUNS", [name.encode() for name, _ in settings.networks], settings.device)
"""


def test_open_networks_and_names_in_any_script_are_joined(work):
    """Of a table as a spreadsheet saves it: the file on the board has no escapes."""
    rows = f"token\tdevice\twifi\tpassword\t\r\n{SECRET}\ta\tCafé 😀\t{WIFI_SECRET}\t\r\n"
    rows += f"{SECRET}\tb\tguests\r\n\t\t\t\t\r\n"
    (work / "devices.csv").write_bytes(rows.encode("utf-16"))
    (work / "main.py").write_text(JOINS)
    paths = make(work, ESP32, "esp32.bin", "devices.csv")
    for path, name in zip(paths, ("Café 😀", "guests"), strict=True):
        out = run_board(work, esp_region(path.read_bytes(), 0x200000, 2 * MB))
        assert f"Wi-Fi {name}: connected" in out and f"RUNS {[name.encode()]}" in out, out


def run(*arguments):
    """Run the program; return its exit status and all that it printed."""
    command = [sys.executable, "-m", "tools.image", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_the_program_says_where_the_images_are_and_no_secret(work):
    rows = f"token,device,wifi,password\n{SECRET},dev-1,net,{WIFI_SECRET}\n"
    csv(work, rows)
    options = ["--settings", work / "devices.csv", "--ca", work / "ca.der", "--to", work / "out"]
    code, out = run("--board", "esp32_generic", "--firmware", work / "esp32.bin", *options)
    assert code == 0, out
    assert "file system at 0x200000, 2097152 bytes" in out and "dev-1.bin" in out
    assert SECRET not in out and WIFI_SECRET not in out


def test_each_image_has_a_password_to_be_set_up_with_which_is_printed_and_listed(work):
    rows = f"token,device\n{SECRET},dev-1\n{SECRET},dev-2\n"
    made = make(work, ESP32, "esp32.bin", csv(work, rows))
    for path, password in made.items():
        assert len(password) == 10 and not set(password) & set("lo01")
        fs = mounted(esp_region(path.read_bytes(), 0x200000, 2 * MB))
        with fs.open("/setup_password") as file:
            assert file.read() == password
    assert len(set(made.values())) == 2
    table = work / "out" / "setup-passwords.csv"
    rows = [f"{path.name},{password}" for path, password in made.items()]
    assert table.read_text().splitlines() == ["image,set-up password", *rows]
    assert stat.S_IMODE(table.stat().st_mode) == 0o600
    code, out = run("--board", ESP32, "--firmware", work / "esp32.bin", "--to", work / "one")
    assert code == 0, out
    name, password = (work / "one" / "setup-passwords.csv").read_text().split()[-1].split(",")
    assert f"bytes, set-up password {password}\n" in out and f"{name}: " in out


@pytest.mark.parametrize(("version", "old"), [("1.22.2", True), ("1.23.0", False)])
def test_firmware_older_than_the_library_supports_is_named(work, version, old):
    (work / "esp32.bin").write_bytes(esp32(version=version))
    code, out = run("--board", "esp32_generic", "--firmware", work / "esp32.bin", "--to", work)
    assert code == 0, out
    assert ("needs MicroPython 1.23 or later, and this is 1.22" in out) == old


def test_the_program_refuses_in_a_sentence(work):
    base = ["--firmware", work / "esp32.bin", "--to", work / "out"]
    (work / "bad.py").write_text("def x(:\n")
    (work / "a program").mkdir()
    (work / "a program" / "main.py").write_bytes(b"\xef\xbb\xbfprint(1)\n")
    bad_api = {"token": SECRET, "device": "dev-1", "api": "ftp://h"}
    (work / "bad_api.json").write_text(json.dumps(bad_api))
    for options, words in (
        (["--board", "ESP33", *base], 'no board "ESP33"'),
        (["--board", PICO, *base], "esp32.bin is an ESP32 image: a Pico takes a .uf2"),
        (["--board", "ESP32_GENERIC_S3", *base], "esp32.bin is for the chip esp32, and"),
        (["--board", ESP32, *base, "--settings", work / "none.json"], "cannot be read"),
        (["--board", ESP32, *base, "--ca", work / "none.der"], "cannot be read"),
        (["--board", ESP32, *base, "--settings", work / "settings.json"], "give CA=ca.der"),
        (["--board", ESP32, *base, "--settings", work / "bad_api.json"], "api= is no endpoint"),
        (["--board", ESP32, *base, "--main", work / "bad.py"], "bad.py, line 1: MicroPython"),
        (
            ["--board", ESP32, *base, "--main", work / "a program"],
            "main.py, line 1: the file begins",
        ),
        (["--board", ESP32, "--firmware", "", "--to", work / "out"], "no firmware is named"),
    ):
        code, out = run(*options)
        assert code == 1 and out.startswith("image: "), out
        assert words in out
    assert not list(work.glob("out/*"))


def test_a_real_pico_w_image_declares_the_file_system_of_848_kb(work):
    path = os.environ.get("FIRMWARE_RPI_PICO_W")
    if not path:
        pytest.skip("no image of a Pico W here: name one in FIRMWARE_RPI_PICO_W")
    firmware = image.open_firmware(Path(path), boards.find(PICO))
    assert (firmware.fs_offset, firmware.fs_bytes) == PICO_W_FS
    assert uf2.chip(uf2.read(Path(path).read_bytes(), path), path) == "rp2040"
    assert uf2_contents(firmware.join({"/main.py": b"print(1)"}))[PICO_W_FS[0]]
    assert RP2040 in uf2.FAMILIES
