"""A certificate that nobody vouches for, so that clients with a fixed ``https://`` can be pointed at the sandbox.

This is the one module that knows ``cryptography``; ``pip install timrest-async[tls]`` brings it.
"""

from __future__ import annotations

import datetime as dt
import ssl
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from timrest_async._regions import REGIONS

__all__ = ["SelfSigned", "self_signed"]


@frozen
class SelfSigned:
    """A certificate made for this run, and what to serve it with."""

    context: ssl.SSLContext
    """For the server."""

    pem: str
    """The certificate, for clients that are to trust it."""

    fingerprint: str
    """SHA-256 of it, as browsers and openssl show it."""

    @property
    def trust(self) -> ssl.SSLContext:
        """What a client is given to trust it, such as ``aiohttp.TCPConnector(ssl=...)``."""
        return ssl.create_default_context(cadata=self.pem)


def self_signed(*hosts: str) -> SelfSigned:
    """Make a certificate for *hosts*, for this machine and for the names of the service, which holds for a month."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "timrest sandbox, not the service")])
    now = dt.datetime.now(dt.UTC)
    theirs = [name for region in REGIONS.values() for name in (region.host, region.backup)]
    names = dict.fromkeys(["localhost", "127.0.0.1", "::1", *theirs, *hosts])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    digest = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    return SelfSigned(_context(pem + secret), pem.decode(), digest)


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _context(chain: bytes) -> ssl.SSLContext:
    """Load key and certificate, which the standard library reads from a file alone."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "sandbox.pem"
        file.touch(mode=0o600)
        file.write_bytes(chain)
        context.load_cert_chain(file)
    return context
