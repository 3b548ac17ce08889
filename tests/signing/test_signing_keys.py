"""Keys and certificates in the forms people have them, and every way in which they are wrong."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from signing_kit import CANARY, DAY, PROFILE, Made, certify, key, line, old, openssl, signed

from mdm_policy import signing
from mdm_policy.errors import Origin, PolicyError
from mdm_policy.loading import Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RSA, EC = line("rsa-2048", 3), line("p-256", 3)
OTHER = certify("Somebody Else", key("p-256", 9))


def word() -> bytes:
    return CANARY.encode()


def never() -> bytes:
    raise AssertionError("a passphrase was asked for")


def read(
    key_data: bytes | None, cert: bytes | None = None, chain: tuple[bytes, ...] = (), ask: Callable[[], bytes] = never
) -> signing.keys.Identity:
    return signing.read_identity(
        None if key_data is None else Source("k", key_data),
        None if cert is None else Source("c", cert),
        [Source("chain", one) for one in chain],
        ask,
    )


@pytest.mark.parametrize("people", [pytest.param(RSA, id="rsa"), pytest.param(EC, id="ec")])
@pytest.mark.parametrize(
    ("form", "secret"),
    [
        pytest.param(lambda one: one.key_pem(), False, id="pem pkcs8"),
        pytest.param(lambda one: one.key_pem("", PrivateFormat.TraditionalOpenSSL), False, id="pem traditional"),
        pytest.param(lambda one: one.key_pem(CANARY), True, id="pem pkcs8 encrypted"),
        pytest.param(
            lambda one: one.key_pem(CANARY, PrivateFormat.TraditionalOpenSSL), True, id="pem traditional encrypted"
        ),
        pytest.param(lambda one: one.key_der(), False, id="der pkcs8"),
        pytest.param(lambda one: one.key_der(CANARY), True, id="der pkcs8 encrypted"),
        pytest.param(lambda one: one.pem + one.key_pem(), False, id="certificate and key in one file"),
        pytest.param(lambda one: one.pfx(), False, id="pkcs12 without passphrase"),
        pytest.param(lambda one: one.pfx(CANARY), True, id="pkcs12"),
    ],
)
def test_reads_keys_in_every_form(people: tuple[Made, ...], form: Callable[[Made], bytes], secret: bool) -> None:
    found = read(form(people[0]), people[0].pem, (people[1].pem,), word if secret else never)
    assert found.certificate == people[0].cert
    assert [one.subject for one in found.chain] == [people[1].cert.subject]
    party = signing.describe(found)
    made = signing.seal("p", PROFILE, signing.signer_of(found), party)
    assert signing.examine(made).content == PROFILE


@pytest.mark.live("openssl")
@pytest.mark.parametrize(
    ("options", "name"),
    [
        pytest.param((), "aes", id="as OpenSSL 3 writes it"),
        pytest.param(("-legacy",), "legacy", id="as macOS and old Windows write it"),
    ],
)
def test_reads_what_openssl_exports(options: tuple[str, ...], name: str, tmp_path: Path) -> None:
    (tmp_path / "all.pem").write_bytes(RSA[0].key_pem() + RSA[0].pem + RSA[1].pem)
    out = tmp_path / f"{name}.p12"
    openssl("pkcs12", "-export", *options, "-in", tmp_path / "all.pem", "-out", out, "-passout", f"pass:{CANARY}")
    found = read(out.read_bytes(), ask=word)
    assert found.certificate == RSA[0].cert
    assert [one.subject for one in found.chain] == [RSA[1].cert.subject]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param((EC[0].key_pem(), EC[0].pem + EC[1].pem, ()), id="chain in the certificate's file"),
        pytest.param(
            (EC[0].key_pem(), EC[1].pem + EC[0].pem, ()), id="in any order, the key says which is the signer's"
        ),
        pytest.param((EC[0].key_pem() + EC[0].pem + EC[1].pem, None, ()), id="all in the key's file"),
        pytest.param((EC[0].pfx(chain=(EC[1],)), None, ()), id="all in a pkcs12 file"),
        pytest.param((EC[0].key_pem(), EC[0].der, (EC[1].der,)), id="in der"),
        pytest.param((EC[0].key_pem(), EC[0].pem, (EC[1].pem, EC[1].pem + EC[0].pem)), id="the same twice"),
    ],
)
def test_finds_signer_and_chain(given: tuple[bytes, bytes | None, tuple[bytes, ...]]) -> None:
    found = read(*given)
    assert (found.certificate, found.chain) == (EC[0].cert, (EC[1].cert,))


_EDWARDS = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("given", "ask", "id_"),
    [
        pytest.param((b"not a key", EC[0].pem), never, "key-unreadable", id="no key"),
        pytest.param((b"", EC[0].pem), never, "key-unreadable", id="an empty file"),
        pytest.param((EC[0].pem, EC[0].pem), never, "key-unreadable", id="a certificate for a key"),
        pytest.param((EC[0].key_pem()[:80] + b"\n-----END PRIVATE KEY-----", EC[0].pem), never, "key-unreadable", id="damaged"),
        pytest.param((b"\x30\x03\x02\x01\x03", EC[0].pem), word, "key-passphrase", id="damaged pkcs12"),
        pytest.param((_EDWARDS, EC[0].pem), never, "key-kind", id="ed25519"),
        pytest.param((certify("x", key("p-521")).key_pem(), EC[0].pem), never, "key-kind", id="p-521"),
        pytest.param((certify("x", key("rsa-1024")).key_pem(), EC[0].pem), never, "key-kind", id="a short rsa key"),
        pytest.param((EC[0].key_pem(CANARY), EC[0].pem), lambda: b"wrong", "key-passphrase", id="wrong passphrase"),
        pytest.param((EC[0].key_pem(CANARY), EC[0].pem), lambda: b"", "key-passphrase", id="no passphrase"),
        pytest.param((EC[0].key_der(CANARY), EC[0].pem), lambda: b"wrong", "key-passphrase", id="der, wrong passphrase"),
        pytest.param((EC[0].pfx(CANARY), None), lambda: b"wrong", "key-passphrase", id="pkcs12, wrong passphrase"),
        pytest.param((EC[0].pfx(CANARY), None), lambda: b"", "key-passphrase", id="pkcs12, no passphrase"),
        pytest.param((EC[0].key_pem(), None), never, "certificate-missing", id="no certificate"),
        pytest.param((EC[0].key_pem(), b"not a certificate"), never, "certificate-unreadable", id="no certificate in it"),
        pytest.param((EC[0].key_pem(), EC[0].pem[:90]), never, "certificate-unreadable", id="damaged certificate"),
        pytest.param((EC[0].key_pem(), EC[0].pem * 101), never, "certificate-unreadable", id="far too many"),
        pytest.param((EC[0].key_pem(), OTHER.pem), never, "key-mismatch", id="somebody else's certificate"),
        pytest.param((RSA[0].key_pem(), EC[0].pem), never, "key-mismatch", id="a certificate for another kind"),
        pytest.param((EC[0].key_pem() + OTHER.pem, None), never, "key-mismatch", id="somebody else's beside the key"),
    ],
)  # fmt: skip
def test_refuses(given: tuple[bytes, bytes | None], ask: Callable[[], bytes], id_: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read(*given, ask=ask)
    [finding] = caught.value.findings
    assert finding.id == id_
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.live("openssl")
def test_refuses_a_pkcs12_file_without_a_key(tmp_path: Path) -> None:
    (tmp_path / "c.pem").write_bytes(EC[0].pem)
    openssl("pkcs12", "-export", "-nokeys", "-in", tmp_path / "c.pem", "-out", tmp_path / "c.p12", "-passout", "pass:")
    with pytest.raises(PolicyError, match="no private key"):
        read((tmp_path / "c.p12").read_bytes())


@pytest.mark.live("openssl")
def test_refuses_a_curve_nobody_knows(tmp_path: Path) -> None:
    path = tmp_path / "k.pem"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp160r1", "-out", path)
    with pytest.raises(PolicyError, match="key-unreadable"):
        read(path.read_bytes(), EC[0].pem)


@pytest.mark.live("openssl")
def test_a_certificate_for_a_key_of_another_family_is_not_the_keys(tmp_path: Path) -> None:
    options = ("-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=Edwards", "-days", "30")
    openssl("req", *options, "-keyout", tmp_path / "k.pem", "-out", tmp_path / "c.pem")
    with pytest.raises(PolicyError, match="key-mismatch"):
        read(EC[0].key_pem(), (tmp_path / "c.pem").read_bytes())


def test_refuses_a_key_encrypted_in_a_way_nobody_knows() -> None:
    # RFC 8018's PBES2 with an encryption scheme that does not exist.
    secret = EC[0].key_der(CANARY)
    pbes2 = bytes.fromhex("2a864886f70d01050d")
    assert pbes2 in secret
    with pytest.raises(PolicyError) as caught:
        read(secret.replace(pbes2, pbes2[:-1] + b"\x7f"), EC[0].pem, ask=word)
    assert caught.value.findings[0].id in ("key-unreadable", "key-passphrase")


def _day(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}T00:00:00+00:00")


def _until(text: str, start: str = "2026-01-01") -> Made:
    return certify("Example Signer", key("p-256", 1), days=(_day(start), _day(text)))


@pytest.mark.parametrize(
    ("people", "chain", "roots", "ids"),
    [
        pytest.param(EC[0], (EC[1],), (), [], id="leaf and intermediate"),
        pytest.param(EC[0], EC[1:], (), [], id="up to the root"),
        pytest.param(EC[0], (EC[1],), (EC[2],), [], id="to a trusted root"),
        pytest.param(_until("2036-01-01"), (), (), [], id="self-signed"),
        pytest.param(_until("2026-11-23"), (), (), ["signer-expired"], id="expired yesterday"),
        pytest.param(_until("2026-11-24"), (), (), ["signer-expires-soon"], id="expires today"),
        pytest.param(_until("2026-12-24"), (), (), ["signer-expires-soon"], id="expires in 30 days"),
        pytest.param(_until("2026-12-25"), (), (), [], id="expires in 31 days"),
        pytest.param(_until("2036-01-01", "2026-11-25"), (), (), ["signer-not-yet-valid"], id="valid from tomorrow"),
        pytest.param(certify("s", key("p-256", 1), usage=False), (), (), ["signer-usage"], id="not for signatures"),
        pytest.param(certify("s", key("p-256", 1), usage=None), (), (), [], id="no key usage at all"),
        pytest.param(EC[0], (), (), ["signer-chain-incomplete"], id="the issuer is missing"),
        pytest.param(EC[0], (), (EC[2],), ["signer-untrusted"], id="the issuer is missing, held against the root"),
        pytest.param(line("p-256", 2)[0], (), (line("p-256", 2)[1],), [], id="the root is the issuer"),
        pytest.param(EC[0], (EC[1], OTHER), (), ["signer-chain-stray"], id="a stranger among the chain"),
        pytest.param(EC[0], (EC[1],), (OTHER,), ["signer-untrusted"], id="another root"),
        pytest.param(OTHER, (), (OTHER,), [], id="trusted by itself"),
    ],
)  # fmt: skip
def test_says_what_is_wrong_with_the_signer(
    people: Made, chain: tuple[Made, ...], roots: tuple[Made, ...], ids: list[str]
) -> None:
    who = read(people.key_pem(), people.pem, tuple(one.pem for one in chain))
    party = signing.describe(who, [one.der for one in roots], DAY)
    found = list(signing.on_party(party, DAY, Origin("c")))
    assert [(one.id, one.severity) for one in found] == [(id_, "warning") for id_ in ids]


@pytest.mark.live("openssl")
def test_a_certificate_issued_with_sha_1_is_weak(tmp_path: Path) -> None:
    who = old(tmp_path)
    [found] = signing.on_party(signing.describe(read(who.key_pem(), who.pem)), "2030-01-01", Origin("c"))
    assert (found.id, found.severity) == ("signer-weak", "warning")


def test_a_long_list_of_strangers_is_cut() -> None:
    strangers = tuple(certify(f"Stranger {n}", key("p-256", 20 + n)).pem for n in range(5))
    who = read(EC[0].key_pem(), EC[0].pem, (EC[1].pem, *strangers))
    [found] = signing.on_party(signing.describe(who), DAY, Origin("c"))
    assert found.message.startswith("5 of the certificates given")
    assert found.message.endswith("CN=Stranger 2 and more")


def test_an_identity_without_a_key_signs_nothing() -> None:
    with pytest.raises(ValueError, match="without a key"):
        signing.signer_of(read(None, EC[0].pem))


def test_the_chain_is_in_the_file_whatever_its_length() -> None:
    for depth in (1, 2, 3):
        people = line("p-256", depth)
        found = signing.examine(signed(people, root=depth > 1))
        assert (found.valid, len(found.certificates), len(found.chain)) == (True, depth, depth)
