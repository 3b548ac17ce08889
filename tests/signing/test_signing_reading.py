"""Signatures as others make them: what is valid, what is not and why, and that no bytes lead to an exception."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING, Any

import pytest
from asn1crypto import algos, cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from signing_kit import DAY, PROFILE, Made, certify, files, identity, key, line, old, openssl, signed

from mdm_policy import signing
from mdm_policy.errors import Origin, PolicyError
from mdm_policy.signing import certificates, reading

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EC, RSA = line("p-256", 3), line("rsa-2048", 3)


def by_openssl(folder: Path, people: tuple[Made, ...], *options: str, command: str = "cms") -> bytes:
    held = files(folder, people)
    (folder / "in").write_bytes(PROFILE)
    chain = ("-certfile", held["chain"]) if len(people) > 2 else ()
    openssl(
        *(command, "-sign", "-binary", "-nodetach", "-outform", "DER", "-in", folder / "in", "-out", folder / "out"),
        *("-signer", held["cert"], "-inkey", held["key"], *chain, *options),
    )
    return (folder / "out").read_bytes()


@pytest.mark.live("openssl")
@pytest.mark.parametrize(
    ("people", "options", "command", "digest"),
    [
        pytest.param(RSA, (), "cms", "sha256", id="rsa"),
        pytest.param(EC, (), "cms", "sha256", id="ec"),
        pytest.param(RSA, (), "smime", "sha256", id="the admin's usual recipe, smime"),
        pytest.param(RSA, ("-md", "sha1"), "cms", "sha1", id="sha-1, as Jamf Pro's built-in authority"),
        pytest.param(RSA, ("-md", "sha512"), "cms", "sha512", id="sha-512"),
        pytest.param(EC, ("-md", "sha384"), "cms", "sha384", id="ec with sha-384"),
        pytest.param(RSA, ("-noattr",), "cms", "sha256", id="without signed attributes"),
        pytest.param(EC, ("-noattr",), "cms", "sha256", id="ec without signed attributes"),
        pytest.param(RSA, ("-stream", "-indef"), "cms", "sha256", id="ber with indefinite lengths"),
        pytest.param(RSA, ("-keyid",), "cms", "sha256", id="signer by key identifier"),
        pytest.param(RSA, ("-keyopt", "rsa_padding_mode:pss"), "cms", "sha256", id="rsa-pss"),
        pytest.param(RSA, ("-nosmimecap",), "cms", "sha256", id="without capabilities"),
    ],
)
def test_takes_what_openssl_signs(
    people: tuple[Made, ...], options: tuple[str, ...], command: str, digest: str, tmp_path: Path
) -> None:
    if "-keyid" in options:
        people = (_with_key_id(people), *people[1:])
    found = signing.examine(by_openssl(tmp_path, people, *options, command=command), (people[-1].der,), DAY)
    assert found.fault == ""
    assert (found.content, found.digest, found.trust) == (PROFILE, digest, "trusted")
    assert found.signer is not None
    assert found.signer.subject == "CN=Example Signer"
    assert [one.subject for one in found.chain] == ["CN=Example Signer", "CN=Example Authority 2"]


def _with_key_id(people: tuple[Made, ...]) -> Made:
    old, above = people[0], people[1]
    builder = x509.CertificateBuilder().subject_name(old.cert.subject).issuer_name(above.cert.subject)
    builder = builder.public_key(old.key.public_key()).serial_number(77)
    builder = builder.not_valid_before(old.cert.not_valid_before_utc).not_valid_after(old.cert.not_valid_after_utc)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(old.key.public_key()), critical=False)
    return Made(builder.sign(above.key, hashes.SHA256()), old.key)


@pytest.mark.live("openssl")
def test_takes_what_an_old_authority_signed(tmp_path: Path) -> None:
    found = signing.examine(by_openssl(tmp_path, (old(tmp_path),), "-md", "sha1"))
    assert found.fault == ""
    assert found.signer is not None
    assert found.signer.weak == "it was issued with sha1"


@pytest.mark.live("openssl")
def test_takes_two_signatures_when_both_are_valid(tmp_path: Path) -> None:
    held, other = files(tmp_path, RSA), certify("Second", key("p-256", 5))
    (tmp_path / "second.pem").write_bytes(other.pem + other.key_pem())
    (tmp_path / "in").write_bytes(PROFILE)
    openssl(
        *("cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-in", tmp_path / "in", "-out", tmp_path / "out"),
        *("-signer", held["cert"], "-inkey", held["key"], "-signer", tmp_path / "second.pem"),
    )
    data = (tmp_path / "out").read_bytes()
    assert signing.examine(data).valid

    def spoil(parsed: Any) -> None:
        parsed["signer_infos"][1]["signature"] = b"\0" * 64

    assert not signing.examine(altered(data, spoil)).valid


def altered(data: bytes, change: Callable[[Any], None]) -> bytes:
    """Take signed data apart, change it, and write it anew."""
    info = cms.ContentInfo.load(data)
    change(info["content"])
    made: bytes = info.dump(force=True)
    return made


def _no_signers(parsed: Any) -> None:
    parsed["signer_infos"] = []


def _many_signers(parsed: Any) -> None:
    parsed["signer_infos"] = [parsed["signer_infos"][0]] * 11


def _no_certificates(parsed: Any) -> None:
    parsed["certificates"] = []


def _many_certificates(parsed: Any) -> None:
    parsed["certificates"] = [parsed["certificates"][0]] * 101


def _other_digest(parsed: Any) -> None:
    parsed["signer_infos"][0]["digest_algorithm"] = algos.DigestAlgorithm({"algorithm": "md5"})


def _other_hash(parsed: Any) -> None:
    parsed["signer_infos"][0]["signature_algorithm"] = algos.SignedDigestAlgorithm({"algorithm": "sha512_ecdsa"})


def _other_algorithm(parsed: Any) -> None:
    parsed["signer_infos"][0]["signature_algorithm"] = algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"})


def _other_type(parsed: Any) -> None:
    info = parsed["encap_content_info"]
    parsed["encap_content_info"] = cms.ContentInfo({"content_type": "enveloped_data", "content": None}) and info
    parsed["encap_content_info"]["content_type"] = "1.2.840.113549.1.9.16.1.4"


def _attribute(name: str, value: Any) -> Callable[[Any], None]:
    def change(parsed: Any) -> None:
        for attribute in parsed["signer_infos"][0]["signed_attrs"]:
            if attribute["type"].native == name:
                attribute["values"] = value

    return change


def _twice(parsed: Any) -> None:
    attributes = parsed["signer_infos"][0]["signed_attrs"]
    digest = next(one for one in attributes if one["type"].native == "message_digest")
    attributes.append(digest.copy())


def _signature(parsed: Any) -> None:
    parsed["signer_infos"][0]["signature"] = b"\x30\x06\x02\x01\x01\x02\x01\x01"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(_no_signers, "it carries no signature", id="no signature"),
        pytest.param(_many_signers, "it carries more than 10 signatures", id="many signatures"),
        pytest.param(_no_certificates, "it does not carry the signer's certificate", id="no certificates"),
        pytest.param(_many_certificates, "it carries more than 100 certificates", id="many certificates"),
        pytest.param(_other_digest, "its digest is none that is known", id="md5"),
        pytest.param(_other_hash, "its digest and its signature name different hashes", id="two hashes"),
        pytest.param(_other_algorithm, "its algorithm is none that is known", id="rsa for an ec key"),
        pytest.param(
            _attribute("message_digest", [b"\0" * 32]),
            "the content was altered after it was signed",
            id="another digest",
        ),
        pytest.param(
            _attribute("content_type", ["signed_data"]),
            "its signed attributes are about another type of content",
            id="another type in the attributes",
        ),
        pytest.param(_twice, "the content was altered after it was signed", id="the digest twice"),
        pytest.param(
            _signature, "it was altered after it was signed, or signed with another key", id="another signature"
        ),
    ],
)
def test_says_why_a_signature_is_not_valid(change: Callable[[Any], None], said: str) -> None:
    found = signing.examine(altered(signed(EC), change), (EC[-1].der,), DAY)
    assert (found.valid, found.fault) == (False, said)
    assert found.signer is None
    [finding] = signing.on_signature(found, DAY, Origin("p"))
    assert (finding.id, finding.severity) == ("signature-invalid", "warning")
    assert "blocks nothing" in finding.message


def test_altered_content_is_found() -> None:
    data = signed(EC).replace(b"com.tencent.xin", b"com.tencent.xim")
    assert signing.examine(data).fault == "the content was altered after it was signed"


def test_content_of_another_type_is_not_what_is_signed() -> None:
    data = signed(EC)
    plain, other = bytes.fromhex("06092a864886f70d010701a0"), bytes.fromhex("06092a864886f70d010705a0")
    assert data.count(plain) == 1
    assert signing.examine(data.replace(plain, other)).fault == "what is signed is not plain data"


def test_bytes_that_only_begin_as_signed_data_are_damaged() -> None:
    data = signed(EC)
    for broken in (data[:40], data[:200], data[: len(data) // 2], b"", b"\x30\x80", data[:30] + b"\xff" * 200):
        assert signing.examine(broken).fault in ("its structure is damaged", "it is not signed data")


def test_another_kind_of_cms_is_no_signed_data() -> None:
    made = cms.ContentInfo({"content_type": "data", "content": core.OctetString(b"x")}).dump()
    assert signing.examine(made).fault == "it is not signed data"


def test_content_that_two_readers_see_differently_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = signed(EC)
    monkeypatch.setattr(reading, "signed_content", lambda _: b"what the other reader sees")
    assert signing.examine(data).fault == "two readers see different contents in it"


def test_bits_said_to_be_unused_in_a_certificate_are_an_alteration() -> None:
    # Only where the last bit is none can it be said to be unused without breaking the encoding.
    made = (certify("Example Signer", key("p-256", 1), EC[1]) for _ in range(100))
    leaf = next(one for one in made if not one.cert.signature[-1] & 1)
    data, mark = signed((leaf, EC[1], EC[2])), leaf.cert.signature
    at = data.index(mark) - 1
    assert data[at] == 0
    assert "not what its issuer signed" in signing.examine(data[:at] + b"\x01" + data[at + 1 :]).fault


def test_a_certificate_its_issuer_disowns_is_an_alteration() -> None:
    false = certify("Example Signer", key("p-256", 1), Made(EC[1].cert, key("p-256", 8)))
    who = identity((false, EC[1], EC[2]))
    found = signing.examine(signing.signer_of(who)(PROFILE))
    assert found.fault == "the signer's certificate is not what its issuer signed"
    with pytest.raises(PolicyError, match="signature-refused"):
        signed((false, EC[1], EC[2]))


def _late(name: str, own: int, by: Made | None, authority: bool, until: int) -> Made:
    days = (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(until, 1, 1, tzinfo=dt.UTC))
    return certify(name, key("p-256", own), by, authority=authority, days=days)


@pytest.mark.parametrize(
    ("people", "root", "why"),
    [
        pytest.param(EC, EC[-1], "", id="to the root"),
        pytest.param(EC, EC[1], "", id="to an intermediate that is trusted itself"),
        pytest.param(EC, EC[0], "", id="the signer itself is trusted"),
        pytest.param((EC[0], EC[2]), EC[2], "CN=Example Authority 2, which issued CN=Example Signer, is not at hand", id="broken"),
        pytest.param(EC, RSA[-1], "not", id="another root of the same name"),
        pytest.param(line("p-256", 2), line("rsa-2048", 2)[-1], "not", id="another root that bears the issuer's name"),
    ],
)  # fmt: skip
def test_follows_the_chain(people: tuple[Made, ...], root: Made, why: str) -> None:
    found = signing.examine(signed(people), (root.der,), DAY)
    assert found.valid
    assert (found.trust, bool(found.distrust)) == (("untrusted", True) if why else ("trusted", False))
    assert why in found.distrust or why == "not"


def test_an_issuer_that_is_no_authority_is_not_followed() -> None:
    root = certify("Root", key("p-256", 31), authority=True)
    middle = certify("No Authority", key("p-256", 32), root)
    leaf = certify("Example Signer", key("p-256", 33), middle)
    found = signing.examine(signed((leaf, middle, root)), (root.der,), DAY)
    assert (found.valid, found.trust) == (True, "untrusted")


def test_an_issuer_whose_key_usage_forbids_issuing_is_not_followed() -> None:
    root = certify("Root", key("p-256", 31), authority=True)
    builder = x509.CertificateBuilder().subject_name(line("p-256", 3)[1].cert.subject).issuer_name(root.cert.subject)
    builder = builder.public_key(key("p-256", 32).public_key()).serial_number(5)
    builder = builder.not_valid_before(dt.datetime(2026, 1, 1)).not_valid_after(dt.datetime(2036, 1, 1))  # noqa: DTZ001 - a certificate has no zone
    builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
    builder = builder.add_extension(
        x509.KeyUsage(True, False, False, False, False, False, False, False, False), critical=True
    )
    middle = Made(builder.sign(root.key, hashes.SHA256()), key("p-256", 32))
    leaf = certify("Example Signer", key("p-256", 33), middle)
    found = signing.examine(signed((leaf, middle, root)), (root.der,), DAY)
    assert (found.valid, found.trust) == (True, "untrusted")
    assert "keyCertSign" in found.distrust


def test_an_expired_signer_is_not_distrusted_for_that_and_an_expired_issuer_is() -> None:
    root = _late("Root", 31, None, True, 2036)
    early = _late("Example Signer", 33, root, False, 2026 + 1)
    data = signed((early, root))
    found = signing.examine(data, (root.der,), "2030-01-01")
    assert (found.valid, found.trust) == (True, "trusted")
    assert [one.id for one in signing.on_signature(found, "2030-01-01", Origin("p"))] == ["signed-by", "signer-expired"]
    gone = _late("Gone", 34, root, True, 2028)
    late = _late("Example Signer", 33, gone, False, 2035)
    found = signing.examine(signed((late, gone, root)), (root.der,), "2030-01-01")
    assert (found.valid, found.trust) == (True, "untrusted")


@pytest.mark.parametrize(
    ("people", "options", "roots", "day", "ids"),
    [
        pytest.param(EC, (), (), DAY, ["signed-by"], id="nothing to say"),
        pytest.param(EC, (), (RSA[-1],), DAY, ["signed-by", "signer-untrusted"], id="not trusted"),
        pytest.param(
            RSA,
            ("-md", "sha1"),
            (),
            DAY,
            ["signed-by", "signature-digest-weak"],
            id="sha-1",
            marks=pytest.mark.live("openssl"),
        ),
        pytest.param(EC, (), (), "2035-12-20", ["signed-by", "signer-expires-soon"], id="soon"),
        pytest.param(EC, (), (), "2025-12-20", ["signed-by", "signer-not-yet-valid"], id="not yet"),
    ],
)
def test_says_of_a_signature(
    people: tuple[Made, ...],
    options: tuple[str, ...],
    roots: tuple[Made, ...],
    day: str,
    ids: list[str],
    tmp_path: Path,
) -> None:
    data = by_openssl(tmp_path, people, *options) if options else signed(people)
    found = signing.examine(data, tuple(one.der for one in roots), day)
    assert [one.id for one in signing.on_signature(found, day, Origin("p"))] == ids


@pytest.mark.parametrize(
    ("people", "root", "roots", "said"),
    [
        pytest.param(line("p-256", 1), False, (), "it carries 1 certificate, up to CN=Example Signer, not held against a --ca", id="self-signed"),
        pytest.param(EC, False, (), "it carries 2 certificates, the topmost issued by CN=Example Authority 3, not held against a --ca", id="chain"),
        pytest.param(EC, True, (RSA[-1],), "it carries 3 certificates, up to CN=Example Authority 3", id="not trusted"),
        pytest.param(EC, False, (EC[-1],), "it carries 2 certificates, and the chain leads to --ca", id="trusted"),
    ],
)  # fmt: skip
def test_says_how_far_the_chain_goes(people: tuple[Made, ...], root: bool, roots: tuple[Made, ...], said: str) -> None:
    found = signing.examine(signed(people, root=root), tuple(one.der for one in roots), DAY)
    told = next(iter(signing.on_signature(found, DAY, Origin("p"))))
    assert told.message.endswith(f"; {said}")


def test_a_name_as_long_as_a_page_is_cut() -> None:
    name = ",".join(["x" * 60] * 1)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)] * 5)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
    builder = builder.public_key(key("p-256", 1).public_key()).serial_number(5)
    builder = builder.not_valid_before(dt.datetime(2026, 1, 1)).not_valid_after(dt.datetime(2036, 1, 1))  # noqa: DTZ001 - see above
    made = builder.sign(key("p-256", 1), hashes.SHA256())
    assert len(certificates.describe(made).subject) == 203


def test_a_certificate_with_another_kind_of_key_is_described() -> None:
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - here alone

    own: Any = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Edwards")])
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(own.public_key()).serial_number(5)
    )
    builder = builder.not_valid_before(dt.datetime(2026, 1, 1)).not_valid_after(dt.datetime(2036, 1, 1))  # noqa: DTZ001 - see above
    described = certificates.describe(builder.sign(own, None))
    assert (described.key, described.weak, described.signs) == ("Ed25519PublicKey", "", True)
    assert described.self_issued


def test_a_short_rsa_key_is_weak() -> None:
    assert certificates.describe(certify("s", key("rsa-1024")).cert).weak == "its RSA key is short"


def test_a_chain_in_a_circle_ends() -> None:
    one = certify("One", key("p-256", 41), authority=True, issuer="Two")
    two = certify("Two", key("p-256", 42), one, authority=True)
    again = certify("One", key("p-256", 41), two, authority=True)
    assert len(certificates.path(again.cert, (two.cert, again.cert, one.cert))) <= 3


@given(st.binary(max_size=200), st.integers(0, 2**32))
def test_no_bytes_lead_to_an_exception(data: bytes, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test's choice, to be had again
    original = bytearray(_VALID)
    at = chance.randrange(len(original))
    original[at : at + len(data)] = data
    for tried in (bytes(original), data, _VALID[:at] + data):
        found = signing.examine(tried, (EC[-1].der,), DAY)
        assert found.valid == (found.fault == "")
        list(signing.on_signature(found, DAY, Origin("p")))


_VALID = signed(EC)


def test_a_certificate_file_gives_der() -> None:
    from mdm_policy.loading import Source  # noqa: PLC0415 - here alone

    both = signing.read_certificates(Source("c", EC[0].pem + EC[1].pem))
    assert both == (EC[0].der, EC[1].der)
    assert EC[0].cert.public_bytes(Encoding.DER) == EC[0].der
    with pytest.raises(PolicyError):
        signing.read_certificates(Source("c", b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"))
