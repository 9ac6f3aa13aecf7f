"""make provision: which roots land on the board, and that none is left out in silence.

The boards are virtual, the TLS is real: what was provisioned goes on line.
"""

import ssl

import pytest
import trustme

from tests.support.made_certificates import Authority, key_pem
from tests.support.virtual_board_console import mpremote
from tests.tools import test_provision
from tests.tools.test_provision import given, provision, put
from tools.simulate.fault_proxy import Certificates, FaultProxy

image, flash, board = test_provision.image, test_provision.flash, test_provision.board
platform, values, fronts = test_provision.platform, test_provision.values, test_provision.fronts


def der(*pems):
    return b"".join(ssl.PEM_cert_to_DER_cert(pem.decode()) for pem in pems)


def test_where_rest_and_mqtt_lead_to_different_roots_both_land_on_the_board(
    board, flash, platform, fronts, values, tmp_path
):
    with FaultProxy(platform.mqtt_port, tls="good") as mqtt:
        fronts.store.write_bytes(fronts.rest.ca_pem + Certificates().ca_pem + mqtt.ca_pem)
        values["mqtt"] = f"mqtts://localhost:{mqtt.port}"
        status, said = provision(
            board.port,
            *given(tmp_path, values),
            environment=fronts.environment,
            token=values["token"],
        )
        assert status == 0, said
        assert flash.files()["ca.der"] == der(fronts.rest.ca_pem, mqtt.ca_pem)
        for front in (fronts.rest, mqtt):
            assert f", for localhost:{front.port}\n" in said, said
        board.wait_for("flushed True", 20)
    assert platform.state(values["device"], "count")["value"] == 42


def test_of_a_file_with_the_old_and_the_new_root_none_is_left_out_in_silence(
    board, flash, platform, fronts, values, tmp_path
):
    old = Certificates().ca_pem
    text = b"# the old one first\n" + old + b"# the new one\n" + fronts.rest.ca_pem
    (tmp_path / "bundle.pem").write_bytes(text.replace(b"\n", b"\r\n"))
    arguments = [*given(tmp_path, values), "--ca", str(tmp_path / "bundle.pem")]
    status, said = provision(board.port, *arguments, token=values["token"])
    assert status == 0, said
    places = f"localhost:{fronts.rest.port}, localhost:{fronts.mqtt.port}"
    assert f", for {places}\n" in said and "of bundle.pem: no endpoint leads there today" in said
    assert flash.files()["ca.der"] == der(fronts.rest.ca_pem, old)
    board.wait_for("flushed True", 20)
    status, said = provision(board.port, *arguments, "--offline", token=values["token"])
    assert status == 0 and said.count("root      ") == 2, said
    assert flash.files()["ca.der"] == der(old, fronts.rest.ca_pem)


def test_a_platform_that_changes_its_root_strands_no_board(
    board, flash, platform, fronts, values, tmp_path
):
    """The board keeps its own, which is good still, beside the new one; others of no use go."""
    expired = Authority("Expired", (-100, -1))
    before = der(fronts.rest.ca_pem) + expired.der + b"\n"
    put(board, tmp_path, values)
    (tmp_path / "ca.der").write_bytes(before)
    mpremote(board, "fs", "cp", str(tmp_path / "ca.der"), ":")
    certificates = Certificates()
    with (
        FaultProxy(platform.http_port, tls="good", certificates=certificates) as rest,
        FaultProxy(platform.mqtt_port, tls="good", certificates=certificates) as mqtt,
    ):
        fronts.store.write_bytes(certificates.ca_pem)
        moved = {"api": f"https://localhost:{rest.port}", "mqtt": f"mqtts://localhost:{mqtt.port}"}
        arguments = given(tmp_path, {**values, **moved})
        status, said = provision(
            board.port, *arguments, environment=fronts.environment, token=values["token"]
        )
        assert status == 0, said
        assert flash.files()["ca.der"] == der(certificates.ca_pem, fronts.rest.ca_pem)
        assert "which the board has, stays" in said
        assert "of no use on the board: CN=Expired has expired" in said
        at = board.wait_for("flushed True", 20)
        # And back: the old root is trusted still.
        mpremote(board, "fs", "cp", str(tmp_path / "settings.json"), ":")
        board.reset()
        board.wait_for("flushed True", 20, at)
        # With a file the board gets that, and no other.
        (tmp_path / "new.pem").write_bytes(certificates.ca_pem)
        arguments += ["--ca", str(tmp_path / "new.pem")]
        status, said = provision(board.port, *arguments, token=values["token"])
        assert status == 0, said
        assert flash.files()["ca.der"] == der(certificates.ca_pem)


def test_the_root_of_another_platform_goes(board, flash, fronts, values, tmp_path):
    put(board, tmp_path, {**values, "api": "platform.example", "mqtt": "platform.example"})
    (tmp_path / "ca.der").write_bytes(der(Certificates().ca_pem))
    mpremote(board, "fs", "cp", str(tmp_path / "ca.der"), ":")
    arguments = [*given(tmp_path, values), "--no-reset"]
    status, said = provision(board.port, *arguments, environment=fronts.environment)
    assert status == 0, said
    assert flash.files()["ca.der"] == der(fronts.rest.ca_pem)


def test_of_a_whole_chain_the_root_is_taken(board, flash, fronts, values, tmp_path):
    leaf = trustme.CA().issue_cert("localhost").cert_chain_pems[0].bytes()
    between = trustme.CA().create_child_ca().cert_pem.bytes()
    (tmp_path / "chain.pem").write_bytes(leaf + between + fronts.rest.ca_pem)
    arguments = [*given(tmp_path, values), "--no-reset", "--ca", str(tmp_path / "chain.pem")]
    status, said = provision(board.port, *arguments)
    assert status == 0, said
    assert "server's own, and no root" in said and "in between, and no root" in said
    assert flash.files()["ca.der"] == der(fronts.rest.ca_pem)


def test_of_all_that_a_pc_trusts_the_board_gets_what_it_needs(
    board, flash, fronts, values, tmp_path
):
    store = b"".join(Authority(f"Root {n}").pem for n in range(140)) + fronts.rest.ca_pem
    (tmp_path / "all.pem").write_bytes(store)
    arguments = [*given(tmp_path, values), "--no-reset", "--ca", str(tmp_path / "all.pem")]
    status, said = provision(board.port, *arguments, "--offline")
    assert status == 1 and "141 roots of " in said and "too many: a board has memory for" in said
    assert "ca.der" not in flash.files()
    status, said = provision(board.port, *arguments)
    assert status == 0, said
    assert "left out, too many for a board: 140 others" in said
    assert flash.files()["ca.der"] == der(fronts.rest.ca_pem)


@pytest.mark.parametrize(
    "data, words",
    [
        (b"rubbish", "no certificate in PEM or DER"),
        (key_pem(Authority("Key").key), "but EC PRIVATE KEY"),
        (Authority("Expired", (-9, -1)).pem, "CN=Expired has expired"),
        (trustme.CA().issue_cert("localhost").cert_chain_pems[0].bytes(), "server's own"),
        (None, "cannot be read"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--offline",)])
def test_a_file_without_a_root_is_refused(
    board, flash, fronts, values, tmp_path, data, words, options
):
    if data:
        (tmp_path / "own.pem").write_bytes(data)
    arguments = [*given(tmp_path, values), "--ca", str(tmp_path / "own.pem"), *options]
    status, said = provision(board.port, *arguments)
    assert status == 1 and words in said and "own.pem" in said, said
    assert "PRIVATE KEY-----" not in said
    assert not {"ca.der", "settings.json"} & set(flash.files())


def test_a_file_of_roots_for_plain_text_is_said_to_be_of_no_use(board, flash, values, tmp_path):
    (tmp_path / "own.pem").write_bytes(Authority("Own").pem)
    arguments = [*given(tmp_path, values), "--no-reset", "--ca", str(tmp_path / "own.pem")]
    status, said = provision(board.port, *arguments)
    assert status == 0 and "not used: the settings ask for plain text" in said, said
    assert "ca.der" not in flash.files()
