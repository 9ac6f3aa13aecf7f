"""tools.board.certificates: files of roots as people have them, and what is left out and why."""

import ssl
import subprocess

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from tests.support.made_certificates import Authority, key_pem
from tools.board import certificates
from tools.simulate import interpreters

OLD, NEW = trustme.CA(organization_name="Old"), trustme.CA(organization_name="New")
BETWEEN = NEW.create_child_ca()
LEAF = BETWEEN.issue_cert("localhost").cert_chain_pems[0].bytes()
EXPIRED = Authority("Expired", (-100, -1))


def pem(*authorities):
    return b"".join(ca.cert_pem.bytes() for ca in authorities)


def der(*authorities):
    return b"".join(ssl.PEM_cert_to_DER_cert(pem(ca).decode()) for ca in authorities)


def p7b(encoding):
    several = [x509.load_der_x509_certificate(der(ca)) for ca in (OLD, NEW)]
    return pkcs7.serialize_certificates(several, encoding)


BOTH = pem(OLD, NEW)
FORMS = {
    "pem": BOTH,
    "crlf": BOTH.replace(b"\n", b"\r\n"),
    "cr": BOTH.replace(b"\n", b"\r"),
    "no-newline-at-the-end": BOTH[:-1],
    "text-around": b"Bag Attributes\n" + pem(OLD) + b"0 s:O = New\n" + pem(NEW) + b"end",
    "byte-order-mark": b"\xef\xbb\xbf" + BOTH,
    "utf-16": BOTH.decode().encode("utf-16"),
    "utf-16-le": BOTH.decode().encode("utf-16-le"),
    "utf-16-be": BOTH.decode().encode("utf-16-be"),
    "x509": BOTH.replace(b" CERT", b" X509 CERT"),
    "trusted": BOTH.replace(b" CERT", b" TRUSTED CERT"),
    "der": der(OLD, NEW),
    "der-and-pem": der(OLD) + b"\n" + pem(NEW),
    "twice": BOTH + BOTH + der(OLD),
    "pkcs7-pem": p7b(Encoding.PEM),
    "pkcs7-der": p7b(Encoding.DER),
    "key": key_pem(EXPIRED.key) + BOTH,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_both_roots(tmp_path, form):
    (tmp_path / "ca.pem").write_bytes(FORMS[form])
    said = []
    found = certificates.read(tmp_path / "ca.pem", said.append)
    assert sorted(root.der for root in found) == sorted([der(OLD), der(NEW)])
    assert said == []


LEFT_OUT = {
    "a chain": (LEAF + pem(BETWEEN, NEW), ["server's own", "in between"]),
    "an expired one": (EXPIRED.pem + pem(NEW), ["CN=Expired has expired on 20"]),
    "a damaged one": (pem(OLD)[:200] + b"\n" + pem(NEW), ["certificate 1 is damaged"]),
    "one cut off": (der(NEW) + der(OLD)[:-5], ["certificate 2 is damaged"]),
    "rubbish in PEM": (
        b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n" + pem(NEW),
        ["certificate 1 is damaged"],
    ),
    "no certificate": (b"0\x82\x01\x00" + bytes(256) + der(NEW), ["certificate 1 is damaged"]),
    "DER behind PEM": (pem(NEW) + b"\n" + der(OLD), ["bytes that are neither PEM nor DER"]),
    "only one in between": (LEAF + pem(BETWEEN), ["server's own", "taken as one"]),
}


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_what_is_left_out_is_said(tmp_path, kind):
    data, words = LEFT_OUT[kind]
    (tmp_path / "ca.pem").write_bytes(data)
    said = []
    (root,) = certificates.read(tmp_path / "ca.pem", said.append)
    assert root.der == der(BETWEEN if "only" in kind else NEW)
    assert len(said) == len(words)
    for word in words:
        assert any(word in line and "ca.pem" in line for line in said), said


REFUSED = {
    "leaf": (LEAF, "server's own, and no root"),
    "expired": (EXPIRED.pem, "has expired on"),
    "key": (key_pem(EXPIRED.key), "no certificate in PEM or DER, but EC PRIVATE KEY"),
    "parameters": (
        b"-----BEGIN EC PARAMETERS-----\nBggq\n-----END EC PARAMETERS-----\n",
        "EC PARA",
    ),
    "empty": (b"", "no certificate in PEM or DER"),
    "rubbish": (b"rubbish", "no certificate in PEM or DER"),
    "damaged": (der(NEW)[:-3], "certificate 1 is damaged"),
    "damaged, another behind": (der(NEW)[:200] + der(OLD), "bytes that are neither PEM nor DER"),
    "pkcs7 damaged": (p7b(Encoding.PEM)[:100] + b"\n-----END PKCS7-----\n", "1 is damaged"),
    "begin only": (b"-----BEGIN CERTIFICATE-----", "damaged"),
    "odd utf-16": (b"-\0-\0-\0-\0x", "no certificate"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_without_a_root_is_refused_in_a_sentence(tmp_path, kind):
    data, words = REFUSED[kind]
    (tmp_path / "ca.pem").write_bytes(data)
    with pytest.raises(certificates.RootError) as refused:
        certificates.read(tmp_path / "ca.pem")
    assert words in str(refused.value) and "ca.pem" in str(refused.value)
    assert "PRIVATE KEY-----" not in str(refused.value)


KINDS = {
    "p256": (ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()),
    "p384": (ec.generate_private_key(ec.SECP384R1()), hashes.SHA384()),
    "p521": (ec.generate_private_key(ec.SECP521R1()), hashes.SHA512()),
    "rsa": (rsa.generate_private_key(65537, 2048), hashes.SHA256()),
    "ed25519": (ed25519.Ed25519PrivateKey.generate(), None),
    "dsa": (dsa.generate_private_key(2048), hashes.SHA256()),
    "brainpool": (ec.generate_private_key(ec.BrainpoolP256R1()), hashes.SHA256()),
    "sha3": (ec.generate_private_key(ec.SECP256R1()), hashes.SHA3_256()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_root_that_micropython_cannot_read_is_left_out_and_no_other(tmp_path, kind):
    root = Authority(kind, key=KINDS[kind][0], digest=KINDS[kind][1])
    program = tmp_path / "loads.py"
    program.write_text(
        "import tls\ncontext = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)\n"
        f"context.load_verify_locations({root.der!r})\n"
    )
    try:
        command = interpreters.find("mp64")
    except interpreters.Missing as reason:
        pytest.skip(str(reason))
    loads = (
        subprocess.run([*command, str(program)], capture_output=True, timeout=20).returncode == 0
    )
    found, left_out = certificates.usable(root.pem)
    assert bool(found) == loads
    assert loads or "none that MicroPython's TLS reads" in left_out[0]
    if not loads:
        with pytest.raises(certificates.RootError, match=f"no board can use the root CN={kind}"):
            certificates.as_der([certificates.Root(root.der)])


def test_a_file_that_is_not_there_and_a_folder(tmp_path):
    for path in (tmp_path / "none.pem", tmp_path):
        with pytest.raises(certificates.RootError, match="cannot be read"):
            certificates.read(path)


def test_a_board_gets_der_one_after_the_other_and_no_more_than_it_bears(tmp_path):
    found, _ = certificates.usable(BOTH)
    assert certificates.as_der(found) == der(OLD, NEW)
    assert certificates.usable(certificates.as_der(found))[0][1].der == der(NEW)
    with pytest.raises(certificates.RootError, match="100 roots of .* bytes are too many"):
        certificates.as_der(found * 50)
