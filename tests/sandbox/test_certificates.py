"""The sandbox over TLS, met by clients that insist on ``https://``."""

from __future__ import annotations

import asyncio
import hashlib
import ssl

import aiohttp
import pytest

from timrest_async import TransportError
from timrest_async.sandbox import Sandbox
from timrest_async.sandbox.certificates import self_signed


async def test_a_client_that_trusts_the_certificate_is_served() -> None:
    """Its fingerprint is that of the certificate on the wire, and who does not trust it says no."""
    made = self_signed("chat.example.org")
    async with Sandbox(tls=made) as box:
        assert box.base_url.startswith("https://")
        connector = aiohttp.TCPConnector(ssl=made.trust)
        async with aiohttp.ClientSession(connector=connector) as http, box.session(http=http) as tim:
            assert (await tim.messages.send("administrator", "hi")).msg_key
        async with box.session() as tim:
            with pytest.raises(TransportError, match="certificate"):
                await tim.messages.send("administrator", "hi")
        _, writer = await asyncio.open_connection("127.0.0.1", box.port, ssl=made.trust, server_hostname="localhost")
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        await writer.wait_closed()
    assert hashlib.sha256(shown).hexdigest().upper() == made.fingerprint.replace(":", "")
    assert ssl.PEM_cert_to_DER_cert(made.pem) == shown
    assert len(box.messages()) == 1


@pytest.mark.parametrize("name", ["console.tim.qq.com", "adminapisgp.im.qcloud.com", "chat.example.org", "127.0.0.1"])
async def test_it_stands_in_for_the_names_of_the_service(name: str) -> None:
    """A client with a fixed host, sent here by its resolver, is content with the name and may send any Host."""
    made = self_signed("chat.example.org")
    async with Sandbox(tls=made) as box:
        reader, writer = await asyncio.open_connection("127.0.0.1", box.port, ssl=made.trust, server_hostname=name)
        writer.write(f"POST /v4/openim/sendmsg HTTP/1.1\r\nHost: {name}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        answer = await reader.readuntil(b"}")
        writer.close()
        await writer.wait_closed()
    assert b"60012" in answer
