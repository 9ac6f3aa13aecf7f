"""Settings of files and tables: what the PC takes the board takes, the rest is said with its line.

What is taken is loaded by real MicroPython, which makes WiFi and Client of it as a board does.
"""

import json
import subprocess

import pytest

from tests import run
from tests.support.device_process import CONFIGURATIONS
from tools.board import checked_settings, given_settings, text_files
from tools.image import __main__ as image
from tools.simulate import interpreters

TOKEN = "maker:4TsecretTOKEN1"
PASSWORD = "correct horse"
GOOD = {"token": TOKEN, "device": "dev-1", "wifi": [["net", PASSWORD]]}
# A board's start, without its Wi-Fi.
START = """
import json
from allthingstalk.board.settings import load
settings = load()
wifi, client = settings.wifi(log=None), settings.client(log=None)
name, password = settings.networks[0]
print([settings.device, name.encode(), password, client.token, client.keepalive, client.timeout])
"""
EMOJI = "Café 😀"


def read(path):
    """Return [(device id or None, bytes of settings.json)] as image does."""
    return image.read_settings(path)


def refusal(path):
    """Return why image does not take a file; no secret is in it."""
    with pytest.raises(text_files.InputError) as e:
        read(path)
    text = str(e.value)
    assert path.name in text and TOKEN not in text and PASSWORD not in text, text
    return text


@pytest.fixture(params=("mp64", "mp32"))
def start(request, tmp_path):
    """A function that starts a board with the bytes of a settings.json: what it makes of them."""
    try:
        command = interpreters.find(request.param)
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    folder = tmp_path / "board"
    folder.mkdir()
    (folder / "main.py").write_text(START)

    def start(data, prints=True):
        (folder / "settings.json").write_bytes(data)
        environ = run.environment(*run.CONFIGURATIONS[CONFIGURATIONS[request.param]])
        done = subprocess.run(
            [*command, "main.py"], cwd=folder, env=environ, capture_output=True, timeout=30
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return eval(done.stdout.decode()) if prints else done.stdout.decode()

    return start


MARKS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


def saved(path, text, encoding, ends="\n"):
    """Save a text as an editor does that puts the mark of its encoding before it."""
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    path.write_bytes((mark + text.replace("\n", ends)).encode(encoding))
    return path


@pytest.mark.parametrize("escaped", (True, False))
@pytest.mark.parametrize("ends", ("\n", "\r\n"))
@pytest.mark.parametrize("encoding", MARKS)
def test_settings_of_any_marked_encoding_are_right_on_the_board(
    start, tmp_path, encoding, ends, escaped
):
    values = {**GOOD, "wifi": [[EMOJI, PASSWORD]], "keepalive": 30, "timeout": 2.5}
    text = json.dumps(values, indent=1, ensure_ascii=escaped)
    ((_, data),) = read(saved(tmp_path / "settings.json", text, encoding, ends))
    assert start(data) == ["dev-1", EMOJI.encode(), PASSWORD, TOKEN, 30, 2.5]


@pytest.mark.parametrize("encoding", MARKS)
def test_a_env_file_of_any_marked_encoding_is_right_on_the_board(start, tmp_path, encoding):
    text = f"ALLTHINGSTALK_TOKEN={TOKEN}\nexport ALLTHINGSTALK_DEVICE='dev-1'\n\n# more\n"
    text += f"ALLTHINGSTALK_WIFI=[[{json.dumps(EMOJI)}, null]]\nALLTHINGSTALK_KEEPALIVE=30\n"
    ((_, data),) = read(saved(tmp_path / ".env", text, encoding, "\r\n"))
    assert start(data) == ["dev-1", EMOJI.encode(), None, TOKEN, 30, 10]


TABLE = f"""token;device;wifi;password;keepalive;timeout
{TOKEN};dev-1;"Café; 😀";{PASSWORD};30;2,5
{TOKEN};dev-2;guests;;;
"""
WANTED = [
    ["dev-1", "Café; 😀".encode(), PASSWORD, TOKEN, 30, 2.5],
    ["dev-2", b"guests", None, TOKEN, 60, 10],
]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        lambda text: "sep=;\n" + text,
        lambda text: text.replace(";", "\t").replace("Café\t", "Café;"),
        lambda text: text.replace(";", ",").replace("Café,", "Café;").replace("2,5", "2.5"),
        lambda text: text.replace("\n", ";;\n") + ";;;;;;;\n\n;;;;;;;\n",
        lambda text: text.replace("\n", ";\n", 1) + "\n",
        lambda text: text.replace(";;;\n", "\n"),  # Excel leaves empty cells at the end out
        lambda text: "\n" + text.replace("token;device", ' Token ; "device "'),
        lambda text: text.replace("30", "30.0"),
        lambda text: text.replace(";", "; ").replace("Café; ", "Café;"),
    ],
)
@pytest.mark.parametrize(
    "encoding, ends", [("utf-8-sig", "\r\n"), ("utf-16", "\r\n"), ("utf-8", "\r")]
)
def test_what_spreadsheets_save_is_right_on_the_board(start, tmp_path, change, encoding, ends):
    found = read(saved(tmp_path / "devices.csv", change(TABLE), encoding, ends))
    assert [device for device, _ in found] == ["dev-1", "dev-2"]
    assert [start(data) for _, data in found] == WANTED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"token": "x",\n "token": "y"}', "line 2: 'token' is there twice"),
        ('{"maker:4TsecretTOKEN1": 1, "maker:4TsecretTOKEN1": 1}', "'***' is there twice"),
        ('{"token": "x",\n "device": "y",\n "keepalive": NaN}', "line 3: 'keepalive' is not a num"),
        ('{"token": "x", "device": "y",\n "timeout": 1e999}', "line 2: 'timeout' is not a number"),
        ('{"token": "x", "device": "y", "keepalive": -Infinity}', "line 1: 'keepalive' is not a n"),
        (
            '{"token": "x", "device": "y",\n"wifi": [["\\ud83d", null]]}',
            "line 2: 'wifi' has half a",
        ),
        ('{"token": "x", "device": "y",\n"\\ude00": 1}', "half a character"),
        ('{"token": "x", "device": "y", "wifi": [["a\tb", null]]}', "line 1, column 43"),
        (
            '{"token": "x", "device": "y",\n\n"wifi": [["a\\tb", null]]}',
            "line 3: Wi-Fi network 1: i",
        ),
        *(
            (
                f'{{"token": "x", "device": "y",\n"{key}": "{path}"}}',
                f"line 2: '{key}' is a file of",
            )
            for key, path in (
                ("outbox", "/settings.json"),
                ("outbox", "Main.py"),
                ("digest", "//ca.der"),
                ("digest", "/a/../lib/allthingstalk/assets.mpy"),
                ("outbox", "/"),
            )
        ),
        (
            '{"token": "x", "device": "y",\n"outbox": "/outbox\\n"}',
            "line 2: 'outbox' has a control",
        ),
        (
            '{"token": "x", "device": "y",\n"wifi": [["a", "1234567"]]}',
            "line 2: Wi-Fi network 1: it",
        ),
        ('{"token": "x", "device": "y",\n"hostname": "at home"}', "line 2: hostname is"),
        ('{"token": "x", "device": "y",\n"mqtt": "mqtt://h/path"}', "line 2: mqtt= is no endpoint"),
        ('{"token": "x", "device": "y",\n"keepalive": 70000}', "line 2: qos is 0 or 1"),
        ('{"token": "x",\n\n"tokn": "y", "device": "z"}', "line 3: no key 'tokn'"),
        ('{"token": "x"}', "'device' is missing"),
        ('{"token": "x", "device": "y", }', "line 1, column"),
        ('{"wifi": ' + "[" * 100000, "is no JSON"),
        ('{"keepalive": ' + "9" * 5000 + "}", "too long"),
        ('["token"]', "neither JSON nor lines"),
        ("", "neither JSON nor lines"),
    ],
)
def test_settings_that_no_board_takes_are_refused_with_their_line(tmp_path, text, words):
    path = tmp_path / "settings.json"
    path.write_text(text, encoding="utf-8")
    assert words in refusal(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "ALLTHINGSTALK_DEVICE=a\n\nALLTHINGSTALK_DEVICE=b\n",
            "line 3: ALLTHINGSTALK_DEVICE is th",
        ),
        ("ALLTHINGSTALK_DEVICE=a\nALLTHINGSTALK_TOKEN='b\n", "line 2: not NAME=value"),
        ("ALLTHINGSTALK_DEVICE=a\nALLTHINGSTALK_IDENTITY=b\n", "line 2: 'identity': a user name"),
        ('ALLTHINGSTALK_WIFI=[["a", "b", "c"]]\n', "line 1: Wi-Fi network 1: "),
        ("ALLTHINGSTALK_TOKEN=a b\nALLTHINGSTALK_DEVICE=x", "line 1: 'token' has blanks"),
        ("ALLTHINGSTALK_MQTT=True\n", "line 1: mqtt is an endpoint, or false"),
        ("ALLTHINGSTALK_WIFI=" + "[" * 100000, "line 1: ALLTHINGSTALK_WIFI is not"),
    ],
)
def test_env_files_that_no_board_takes_are_refused_with_their_line(tmp_path, text, words):
    path = tmp_path / ".env"
    path.write_text(text, encoding="utf-8")
    assert words in refusal(path)


@pytest.mark.parametrize("name", ("settings.json", ".env", "devices.csv"))
def test_an_encoding_that_does_not_say_which_it_is_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes("token,device\nCafé".encode("latin-1"))
    assert "line 2: no text in UTF-8. Save it as UTF-8" in refusal(path)
    path.write_bytes("token,device\nx".encode("utf-16-le"))
    assert "UTF-8: save it as such" in refusal(path)
    path.write_bytes(b"\xff\xfet\0o")
    assert "UTF-8" in refusal(path)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ('{t},a,"net\nwork",{p}\n{t},a', "line 2: Wi-Fi network 1: its name"),
        ("{t},a,n,{p}\n\n{t},b,n,1234567\n", "line 4: Wi-Fi network 1: its password is 8 to 63"),
        ('{t},"a\nb",n,{p}\n{t},c,n,{p}', "line 2: 'device' has blanks"),
        ('{t},"a"b,n,{p}\n', "line 2: a quote within a cell"),
        ('{t},a,n,{p}\n{t},"b,n,{p}\n', "line 3: a quote is not closed"),
        ("{t},a,n,{p},more\n", "line 2: 5 cells under 4"),
        ("{t},1.23457E+23,n,{p}\n", "line 2: a spreadsheet has taken the device for a number"),
        ('{t},a,n,"1,23457E+19"\n', "line 2: a spreadsheet has taken the password for a number"),
        ("{t},a,n,12345678901234500000\n", "has taken the password for a number"),
        ("#NAME?,a,n,{p}\n", "has taken the token for a number or formula"),
        ("{t},a,n,passwörd1\n", "its password is 8 to 63 characters of ASCII"),
        ("{t},a,n,\x07passwrd1\n", "its password is 8 to 63 characters of ASCII"),
        ("{t},a,n," + "p" * 64 + "\n", "64 hex digits"),
        ("{t},a, ,{p}\n", "a password, but no wifi"),
        ("{t}\n", "line 2: 'device' is missing"),
        ("{t},Ab,n,{p}\n{t},aB,n,{p}\n", "line 3: device aB is on line 2 already"),
    ],
)
def test_rows_that_no_board_takes_are_refused_with_their_line(tmp_path, rows, words):
    path = tmp_path / "devices.csv"
    rows = rows.replace("{t}", TOKEN).replace("{p}", PASSWORD)
    path.write_text("token,device,wifi,password\n" + rows, encoding="utf-8")
    assert words in refusal(path)


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        ("token,device,wifi,identity,password", "{t},a,n,me,{p}", "line 1: 'identity': a user"),
        ("token,device,wifi,EAP username,password", "{t},a,n,,{p}", "WPA2-Enterprise"),
        ("token,device,time_servers", "{t},a,b", "line 1: no column 'time_servers'"),
        ("token,device,keepalive", '{t},a,"1,000"', "line 2: 'keepalive' has the wrong type"),
        ("token,device,mqtt", "{t},a,WAHR", "line 2: mqtt is an endpoint, or false"),
        ("token,device,,api", "{t},a,here,h", "line 2: a cell in a column that has no name"),
        ("{t},dev-1,net,{p}", "{t},dev-2,net,{p}", "line 1: there is no column token"),
    ],
)
def test_columns_that_no_board_takes_are_refused_with_their_line(tmp_path, header, row, words):
    path = tmp_path / "devices.csv"
    text = f"{header}\n{row}\n".replace("{t}", TOKEN).replace("{p}", PASSWORD)
    path.write_text(text, encoding="utf-8")
    assert words in refusal(path)


def test_a_switch_of_a_spreadsheet_in_another_language_is_a_switch(tmp_path):
    path = tmp_path / "devices.csv"
    path.write_text(f"token;device;mqtt\n{TOKEN};a;FALSCH\n{TOKEN};b;false\n", encoding="utf-8")
    assert [json.loads(data)["mqtt"] for _, data in read(path)] == [False, False]


# Loads each of the files that it finds, as a board would; says which it does not take.
LOADS = """
import os
from allthingstalk.board.settings import load
for name in sorted(os.listdir()):
    if name.endswith(".json"):
        try:
            settings = load(name)
            client, wifi = settings.client(log=None), settings.wifi(log=None)
            assert repr(settings) and client.timeout > 0 and int(client.keepalive) >= 0
        except Exception as e:
            print(name, repr(e))
"""
ODD = (
    *(
        "",
        " ",
        "x",
        "a b",
        "é",
        "😀",
        "\u2028",
        "\ud83d",
        "\0",
        "\n",
        "x" * 31,
        "x" * 33,
        "x" * 300,
    ),
    *("0", "false", "h", "h:1", "h:99999", "https://h/", "http://h:80", "mqtts://h", "[::1]:80"),
    *("1.2.3.4", "BE", "be", "12345678", "/outbox", "maker:x", "a/b", "-", "...", "{}", "%s%d"),
    *(0, 1, -1, 0.5, 30, 65535, 65536, 1e300, 2**70, float("inf"), float("nan"), True, False, None),
    *([], [[]], {}, {"a": 1}, [None], [1], ["h"], ["h:123"], ["h:x"], [["n"]], [["n", ""]]),
    *([["n", None]], [["n", "12345678"]], [["n", "1234567"]], [["é" * 16, "x" * 63]], [["n", 8]]),
    *([["n", "a" * 64]], [["n", "g" * 64]], [["n", "x", "y"]], [{"ssid": "n"}], [["\ud83d", None]]),
    *([["n", "passw\0rd"]], [["n" * 33, None]], ["1.2.3.4"] * 4, ["1.2.3.4"] * 3, ["::1"] * 4),
)


def test_whatever_the_pc_takes_a_board_takes(start, tmp_path):
    taken = 0
    for key in (*given_settings.KEYS, "ca", "nonsense"):
        for number, value in enumerate(ODD):
            try:
                data = checked_settings.check({**GOOD, key: value}).data
            except text_files.InputError as e:
                assert PASSWORD not in str(e) and TOKEN not in str(e)
                continue
            taken += 1
            (tmp_path / "board" / f"{key}-{number}.json").write_bytes(data)
    assert taken > 100
    (tmp_path / "board" / "main.py").write_text(LOADS)
    refused = start(b"{}", prints=False)
    assert refused.startswith("settings.json SettingsError") and refused.count("\n") == 1, refused


def test_a_variable_that_is_no_utf_8_is_refused():
    values = given_settings.from_environment({"ALLTHINGSTALK_HOSTNAME": "caf\udce9"})
    with pytest.raises(text_files.InputError, match="bytes that are not UTF-8"):
        checked_settings.check({**GOOD, **values})


def test_the_module_network_is_there_for_the_check_only():
    assert checked_settings.check(GOOD).data == json.dumps(GOOD, indent=1).encode() + b"\n"
    with pytest.raises(ImportError):
        import network  # noqa: F401
