"""Make certificate authorities, keys and signatures for tests; each is made once, from scratch, and none is kept."""

from __future__ import annotations

import datetime as dt
import plistlib
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from mdm_policy import signing
from mdm_policy.loading import Source

if TYPE_CHECKING:
    from pathlib import Path

    Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

DAY = "2026-11-24"
KINDS = ("rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384")
CANARY = "canary-5f0c7b1e"
"""A passphrase that must turn up nowhere."""
PROFILE = plistlib.dumps(
    {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": "gov.example.ban",
        "PayloadUUID": "A2D5F3C1-0B1E-4B5C-8E58-5A3B0B3C9F01",
        "PayloadContent": [
            {
                "PayloadType": "com.apple.applicationaccess",
                "PayloadVersion": 1,
                "PayloadIdentifier": "gov.example.ban.apps",
                "PayloadUUID": "A2D5F3C1-0B1E-4B5C-8E58-5A3B0B3C9F02",
                "blockedAppBundleIDs": ["com.tencent.xin"],
            }
        ],
    }
)
_DAYS = (dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2036, 1, 1, tzinfo=dt.UTC))


class Made(NamedTuple):
    """Hold a certificate with its key."""

    cert: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.cert.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.cert.public_bytes(Encoding.DER)

    def key_pem(self, word: str = "", form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
        return self.key.private_bytes(Encoding.PEM, form, protection(word))

    def key_der(self, word: str = "") -> bytes:
        return self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, protection(word))

    def pfx(self, word: str = "", chain: tuple[Made, ...] = ()) -> bytes:
        return pkcs12.serialize_key_and_certificates(
            b"signer", self.key, self.cert, [one.cert for one in chain] or None, protection(word)
        )


def protection(word: str) -> KeySerializationEncryption:
    return BestAvailableEncryption(word.encode()) if word else NoEncryption()


@cache
def key(kind: str, which: int = 0) -> Key:
    """Make a key; `which` tells several of one kind apart."""
    del which
    family, _, size = kind.partition("-")
    if family == "rsa":
        return rsa.generate_private_key(65537, int(size))
    return ec.generate_private_key({"256": ec.SECP256R1(), "384": ec.SECP384R1(), "521": ec.SECP521R1()}[size])


def certify(
    name: str,
    own: Key,
    by: Made | None = None,
    *,
    authority: bool = False,
    days: tuple[dt.datetime, dt.datetime] = _DAYS,
    usage: bool | None = True,
    issuer: str = "",
) -> Made:
    """Certify a key; `usage` is digitalSignature, or None for a certificate without key usage."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    above = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]) if issuer else by.cert.subject if by else subject
    )
    signer = by.key if by else own
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(above).public_key(own.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(days[0]).not_valid_after(days[1])
    builder = builder.add_extension(x509.BasicConstraints(authority, None), critical=True)
    if usage is not None:
        flags = (usage, False, False, False, False, authority, authority, False, False)
        builder = builder.add_extension(x509.KeyUsage(*flags), critical=True)
    return Made(builder.sign(signer, hashes.SHA256()), own)


@cache
def line(kind: str = "p-256", depth: int = 3) -> tuple[Made, ...]:
    """Make a signer and those above it, the root last: `depth` certificates in all."""
    above: Made | None = None
    made = []
    for place in range(depth, 0, -1):
        name = "Example Signer" if place == 1 else f"Example Authority {place}"
        above = certify(name, key(kind, place), above, authority=place > 1, usage=True)
        made.append(above)
    return tuple(reversed(made))


def old(folder: Path) -> Made:
    """Make a self-signed certificate with SHA-1, which cryptography only reads."""
    options = ("-sha1", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Old Authority", "-days", "3650")
    openssl("req", "-x509", *options, "-keyout", folder / "old.key", "-out", folder / "old.pem")
    found = load_pem_private_key((folder / "old.key").read_bytes(), None)
    assert isinstance(found, rsa.RSAPrivateKey)
    return Made(x509.load_pem_x509_certificate((folder / "old.pem").read_bytes()), found)


def identity(people: tuple[Made, ...], *, root: bool = False) -> signing.keys.Identity:
    """Read a signer and its chain as from files; the root is left out of the file as a rule."""
    chain = people[1:] if root else people[1:-1]
    sources = [Source("chain.pem", one.pem) for one in chain]
    signer = people[0]
    return signing.read_identity(
        Source("key.pem", signer.key_pem()), Source("cert.pem", signer.pem), sources, lambda: b""
    )


def signed(people: tuple[Made, ...], content: bytes = PROFILE, *, root: bool = False) -> bytes:
    """Sign as the program does."""
    who = identity(people, root=root)
    return signing.seal("p.mobileconfig", content, signing.signer_of(who), signing.describe(who))


def openssl(*args: object, stdin: bytes | None = None, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    """Run openssl, which these tests need: without it they fail."""
    program = shutil.which("openssl")
    assert program is not None, "these tests hold signatures against openssl: install it"
    done = subprocess.run([program, *map(str, args)], input=stdin, capture_output=True, check=False)
    assert not check or done.returncode == 0, done.stderr.decode()
    return done


def files(folder: Path, people: tuple[Made, ...]) -> dict[str, Path]:
    """Write a signer's key, its certificate, its chain without the root, and the root."""
    contents = {
        "key": people[0].key_pem(),
        "cert": people[0].pem,
        "chain": b"".join(one.pem for one in people[1:-1]),
        "ca": people[-1].pem,
    }
    made = {}
    for name, data in contents.items():
        made[name] = folder / f"{name}.pem"
        made[name].write_bytes(data)
    made["key"].chmod(0o600)
    return made
