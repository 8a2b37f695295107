"""UserSigs: made as the official package makes them, checked as the service does, renewed in time, never shown."""

import asyncio
import base64
import json
import logging
import random
import zlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from TLSSigAPIv2 import TLSSigAPIv2  # type: ignore[import-untyped]  # the official package has no types

from timrest_async import ConfigError, UserSigError
from timrest_async.testing import FakeClock
from timrest_async.usersig import (
    DAY,
    Redacted,
    Signature,
    Signer,
    StaticSignature,
    read_usersig,
    secret_in,
    sign,
    verify,
)

SPEC: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "spec" / "usersig.yaml").read_text(encoding="utf-8"))
VECTORS: list[dict[str, Any]] = SPEC["test_vectors"]["vectors"]

APP = 1400000000
KEY = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
OTHER_KEY = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
ADMIN = "administrator"
START = 1_546_300_800


def unpacked(usersig: str) -> dict[str, Any]:
    """The document inside a UserSig, read by other means than ours."""
    packed = base64.b64decode(usersig.replace("*", "+").replace("-", "/").replace("_", "="))
    document: dict[str, Any] = json.loads(zlib.decompress(packed))
    return document


def packed(document: Any) -> str:
    """Any document, packed as a UserSig is."""
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    text = base64.b64encode(zlib.compress(content)).decode()
    return text.replace("+", "*").replace("/", "-").replace("=", "_")


def signed(vector: dict[str, Any]) -> str:
    """A UserSig of what a vector holds."""
    return sign(
        vector["sdkappid"],
        vector["key"],
        vector["identifier"],
        expire=vector["expire"],
        time=vector["time"],
        userbuf=bytes.fromhex(vector["userbuf_hex"]) if "userbuf_hex" in vector else None,
    )


def refusal(usersig: str, **otherwise: Any) -> int:
    """The code with which a UserSig is refused."""
    asked: dict[str, Any] = {"sdkappid": APP, "secret_key": KEY, "identifier": ADMIN, "now": START} | otherwise
    with pytest.raises(UserSigError) as raised:
        verify(usersig, **asked)
    return raised.value.code


GOOD = sign(APP, KEY, ADMIN, expire=3600, time=START)


# -- the algorithm


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_every_vector_is_met(vector: dict[str, Any]) -> None:
    """A UserSig holds member for member what the official package computed, HMAC included."""
    document = unpacked(signed(vector))

    assert document == json.loads(vector["json_document"])
    assert document["TLS.sig"] == vector["hmac_sha256_base64"]
    assert document.get("TLS.userbuf") == vector.get("userbuf_base64")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_every_vector_is_believed(vector: dict[str, Any]) -> None:
    """A UserSig that the official package made holds, and says what was signed."""
    said = verify(
        vector["usersig"],
        sdkappid=vector["sdkappid"],
        secret_key=vector["key"],
        identifier=vector["identifier"],
        now=vector["time"],
    )

    assert (said.identifier, said.sdkappid) == (vector["identifier"], vector["sdkappid"])
    assert (said.time, said.expire) == (vector["time"], vector["expire"])
    assert said.userbuf == vector.get("userbuf_base64")
    assert said.sig == vector["hmac_sha256_base64"]


@pytest.mark.parametrize("identifier", ["administrator", "usér-01@x", "信 1", "a" * 32])
@pytest.mark.parametrize("userbuf", [None, b"", b"\0\xff room"])
def test_the_official_package_makes_the_same(identifier: str, userbuf: bytes | None) -> None:
    """At the same instant the official package signs exactly as we do."""
    api = TLSSigAPIv2(APP, KEY)
    theirs = unpacked(
        api.gen_sig(identifier, 3600) if userbuf is None else api.gen_sig_with_userbuf(identifier, 3600, userbuf)
    )

    assert unpacked(sign(APP, KEY, identifier, expire=3600, time=theirs["TLS.time"], userbuf=userbuf)) == theirs


@given(st.text(min_size=1, max_size=32), st.integers(1, 2**31), st.integers(1, 180 * DAY), st.binary() | st.none())
def test_what_is_signed_holds(identifier: str, sdkappid: int, expire: int, userbuf: bytes | None) -> None:
    """Any UserSig made with a key holds under that key, from its first second to its last."""
    usersig = sign(sdkappid, KEY, identifier, expire=expire, time=START, userbuf=userbuf)

    for now in (START, START + expire):
        assert verify(usersig, sdkappid=sdkappid, secret_key=KEY, identifier=identifier, now=now).sdkappid == sdkappid


def test_only_letters_that_a_url_carries_are_used() -> None:
    """A UserSig consists of letters, digits, ``*``, ``-`` and ``_``."""
    for number in range(200):
        assert not set(sign(APP, KEY, f"id{number}", expire=1, time=START)) & set("+/=%& ")


# -- the check


def test_an_empty_signature_is_refused() -> None:
    """Nothing at all is 70002."""
    assert refusal("") == 70002


@pytest.mark.parametrize("length", [1, 2, 10, 63, 64, 100, len(GOOD) - 10])
def test_a_cut_signature_is_refused(length: int) -> None:
    """A UserSig that was cut short is 70003."""
    assert refusal(GOOD[:length]) == 70003


@pytest.mark.parametrize(
    "usersig",
    [
        "not a signature",
        "信" * 20,
        "\ud800",
        "=" + GOOD,
        packed(b"no json"),
        packed([]),
        packed(None),
        packed({}),
        packed({**unpacked(GOOD), "TLS.identifier": 5}),
        packed({**unpacked(GOOD), "TLS.sig": None}),
        packed({**unpacked(GOOD), "TLS.time": "soon"}),
        packed({**unpacked(GOOD), "TLS.expire": None}),
        packed({**unpacked(GOOD), "TLS.time": 1e400}),
        packed({**unpacked(GOOD), "TLS.userbuf": 5}),
        packed(b"[" * 3000),
        packed(b"\xff\xff"),
    ],
)
def test_what_is_no_signature_is_refused(usersig: str) -> None:
    """Anything that does not unpack into a UserSig is 70003, whatever it is made of."""
    assert refusal(usersig) == 70003


@pytest.mark.parametrize("changed", [{"TLS.identifier": "a" * 3000}, {"TLS.sdkappid": int("9" * 3000)}])
def test_a_long_signature_is_refused_in_few_words(changed: dict[str, Any]) -> None:
    """A UserSig for an endless id or application is refused without repeating all of it."""
    with pytest.raises(UserSigError) as raised:
        verify(packed({**unpacked(GOOD), **changed}), sdkappid=APP, secret_key=KEY, identifier=ADMIN, now=START)

    assert len(str(raised.value)) < 2000


def test_a_bomb_does_not_go_off() -> None:
    """A few kilobytes that would inflate to twenty megabytes are refused without being inflated."""
    document = json.dumps({**unpacked(GOOD), "padding": " " * 20_000_000}).encode()

    assert refusal(packed(document)) == 70003


@pytest.mark.parametrize(
    ("otherwise", "code"),
    [
        ({"secret_key": OTHER_KEY}, 70009),
        ({"now": START + 3600.001}, 70001),
        ({"now": START + 10**9}, 70001),
        ({"identifier": "leckie"}, 70013),
        ({"sdkappid": APP + 1}, 70014),
        ({"identifier": "leckie", "sdkappid": APP + 1, "secret_key": OTHER_KEY, "now": START + 10**9}, 70013),
    ],
)
def test_a_signature_that_does_not_hold_is_refused_with_the_services_code(otherwise: dict[str, Any], code: int) -> None:
    """A wrong key, age, account or application is refused with the code that the service documents."""
    assert refusal(GOOD, **otherwise) == code
    assert code in SPEC["expiry"]["codes"]


@pytest.mark.parametrize("member", ["TLS.expire", "TLS.time"])
def test_a_longer_life_cannot_be_written_in(member: str) -> None:
    """A UserSig whose times were changed does not match its HMAC."""
    document = unpacked(GOOD)
    document[member] += 1

    assert refusal(packed(document)) == 70009


@pytest.mark.parametrize("sig", ["", "é", "A" * 44])
def test_a_forged_hmac_is_refused(sig: str) -> None:
    """A UserSig with any other HMAC is 70009."""
    assert refusal(packed({**unpacked(GOOD), "TLS.sig": sig})) == 70009


def test_a_signature_holds_to_its_last_second() -> None:
    """A UserSig holds while time + expire is not over."""
    assert verify(GOOD, sdkappid=APP, secret_key=KEY, identifier=ADMIN, now=START + 3600).expire == 3600


# -- the signer


def held(usersig: str, clock: FakeClock) -> bool:
    """Whether the service would accept *usersig* now."""
    return verify(usersig, sdkappid=APP, secret_key=KEY, identifier=ADMIN, now=clock.now()).identifier == ADMIN


def signer(clock: FakeClock, life: int = DAY) -> Signer:
    """A signer of the administrator."""
    return Signer(APP, KEY, ADMIN, life=life, clock=clock)


LIVES = [1, 2, 60, 86_400, 180 * DAY]


@pytest.mark.parametrize("life", LIVES)
async def test_a_signature_is_renewed_after_half_its_life(life: int) -> None:
    """The same UserSig is used for half its life and no longer."""
    clock = FakeClock()
    signature = signer(clock, life)
    first = signature.current()

    await clock.advance(life / 2 - 0.01)
    assert signature.current() is first

    await clock.advance(0.02)
    second = signature.current()
    assert second is not first
    assert held(second, clock)


@pytest.mark.parametrize("life", LIVES)
async def test_a_signature_never_expires_in_use(life: int) -> None:
    """At whatever instants of a year it is asked for, a UserSig holds and has nearly half its life left."""
    clock, dice = FakeClock(now=START + 0.75), random.Random(life)
    signature = signer(clock, life)
    end = clock.now() + 365 * DAY

    for _ in range(300):
        said = read_usersig(signature.current())
        assert said.time <= clock.now() <= said.time + said.expire
        assert said.time + said.expire - clock.now() >= life / 2 - 1
        await clock.advance(min(dice.choice([0.1, 0.5, life / 2, life, life * 1.5, 10 * DAY]), end - clock.now()))


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("jump", [-10 * 365 * DAY, -3600, -1, 1, 3600, 10 * 365 * DAY])
async def test_the_wall_clock_may_be_set(life: int, jump: int) -> None:
    """Setting the machine's clock, back or forward, leaves no dead or future signature in use."""
    clock = FakeClock()
    signature = signer(clock, life)
    signature.current()

    clock.set_wall_clock(clock.now() + jump)
    said = read_usersig(signature.current())

    assert said.time <= clock.now() < said.time + said.expire


async def test_a_clock_set_back_does_not_prolong_a_life() -> None:
    """A UserSig is renewed after half its life of real time, though the wall clock was set back meanwhile."""
    clock = FakeClock()
    signature = signer(clock, 60)
    await clock.advance(10)
    first = signature.current()
    await clock.advance(20)

    clock.set_wall_clock(clock.now() - 15)
    await clock.advance(10.1)

    assert signature.current() is not first


async def test_a_refused_signature_is_not_used_again() -> None:
    """After the service refused one, the next call signs anew."""
    clock = FakeClock()
    signature = signer(clock)
    first = signature.current()
    await clock.advance(2)

    signature.refused()
    second = signature.current()

    assert second != first
    assert signature.current() is second


async def test_callers_at_one_instant_share_a_signature() -> None:
    """However many tasks ask at once, one UserSig is made."""
    clock = FakeClock()
    signature = signer(clock, 60)

    async def ask() -> int:
        await asyncio.sleep(0)
        return id(signature.current())

    assert len(set(await asyncio.gather(*(ask() for _ in range(100))))) == 1
    await clock.advance(31)
    assert len(set(await asyncio.gather(*(ask() for _ in range(100))))) == 1


@pytest.mark.parametrize("life", [0, -1, 180 * DAY + 1])
def test_a_life_that_cannot_be_is_refused(life: int) -> None:
    """A UserSig lives for 1 second to 180 days."""
    with pytest.raises(ConfigError, match="usersig_life"):
        signer(FakeClock(), life)


def test_an_empty_key_is_refused() -> None:
    """Nobody signs with nothing."""
    with pytest.raises(ConfigError, match="secret_key"):
        Signer(APP, "", ADMIN, life=DAY, clock=FakeClock())


def test_a_key_that_is_no_text_is_refused() -> None:
    """A key with half of a surrogate pair, as bytes that are no UTF-8 leave it in the environment, cannot sign."""
    with pytest.raises(ConfigError, match="secret_key"):
        Signer(APP, f"{KEY}\udcff", ADMIN, life=DAY, clock=FakeClock())


# -- a signature made elsewhere


def test_a_static_signature_is_always_the_same() -> None:
    """A UserSig made elsewhere is used as it is, even after it was refused."""
    signature: Signature = StaticSignature(GOOD)

    signature.refused()

    assert signature.current() == GOOD


@pytest.mark.parametrize("usersig", ["", " ", f'"{GOOD}"', f"{GOOD}\n", GOOD + "%2A", "abc=", "abc+/", "信"])
def test_a_damaged_static_signature_is_refused(usersig: str) -> None:
    """A UserSig that was quoted, encoded or broken on the way is refused before it is used, and not repeated."""
    with pytest.raises(ConfigError, match="usersig") as raised:
        StaticSignature(usersig)

    assert GOOD not in str(raised.value)


# -- secrets


@pytest.mark.parametrize("show", [repr, "{!r}".format, "%r".__mod__, lambda value: repr([value]), ascii])
def test_a_signature_does_not_show_itself(show: Any) -> None:
    """The representation of a UserSig, alone or inside something else, is three stars."""
    assert GOOD not in show(GOOD)
    assert "***" in show(GOOD)


def test_a_signature_is_still_a_string() -> None:
    """A hidden string is equal to what it holds, and can be put into a query."""
    hidden = Redacted("abc")

    assert hidden == "abc"
    assert f"usersig={hidden}" == "usersig=abc"


def test_a_read_signature_shows_no_hmac() -> None:
    """What a UserSig says can be printed: neither HMAC nor room rights are in it."""
    said = read_usersig(sign(APP, KEY, ADMIN, expire=3600, time=START, userbuf=b"room rights"))

    for shown in (repr(said), str(said)):
        assert said.sig not in shown
        assert str(said.userbuf) not in shown
        assert ADMIN in shown


@pytest.mark.parametrize("signature", [Signer(APP, KEY, ADMIN, life=DAY, clock=FakeClock()), StaticSignature(GOOD)])
def test_what_signs_shows_no_secret(signature: Signer | StaticSignature, caplog: pytest.LogCaptureFixture) -> None:
    """Neither key nor UserSig is in the representation of what holds them, nor of its attributes, nor in a log."""
    caplog.set_level(logging.DEBUG)
    usersig = str.__str__(signature.current())

    for shown in (repr(signature), str(signature), repr(vars(signature)), caplog.text):
        assert KEY not in shown
        assert usersig not in shown


@pytest.mark.parametrize("usersig", [GOOD[:-10], GOOD + "*", packed({**unpacked(GOOD), "TLS.sig": "A" * 44}), GOOD])
def test_a_refusal_shows_no_secret(usersig: str) -> None:
    """An error about a UserSig holds neither it, nor its HMAC, nor the key; nor do its causes."""
    with pytest.raises(UserSigError) as raised:
        verify(usersig, sdkappid=APP, secret_key=OTHER_KEY, identifier=ADMIN, now=START)

    error = raised.value
    shown = repr((str(error), error.args, error.__cause__, error.__context__))
    assert error.__cause__ is None
    assert error.__context__ is None
    for secret in (str.__str__(usersig), OTHER_KEY, unpacked(GOOD)["TLS.sig"]):
        assert secret not in shown


# -- words


@pytest.mark.parametrize(
    ("otherwise", "words"),
    [
        ({"usersig": ""}, "the UserSig is empty (the service answers 70002)"),
        (
            {"usersig": GOOD[:-10]},
            "the UserSig cannot be unpacked; it may have been cut short (the service answers 70003)",
        ),
        ({"secret_key": OTHER_KEY}, "the UserSig was made with another secret key (the service answers 70009)"),
        ({"now": START + 3600 + 42}, "the UserSig expired 42 seconds ago (the service answers 70001)"),
        (
            {"identifier": "leckie"},
            "the UserSig was made for 'administrator', not for 'leckie' (the service answers 70013)",
        ),
        (
            {"sdkappid": APP + 1},
            f"the UserSig was made for SDKAppID {APP}, not for {APP + 1} (the service answers 70014)",
        ),
    ],
)
def test_a_refusal_says_what_does_not_hold(otherwise: dict[str, Any], words: str) -> None:
    """Whose, how old or of which key the UserSig is, and what the service would answer."""
    asked: dict[str, Any] = {"usersig": GOOD, "sdkappid": APP, "secret_key": KEY, "identifier": ADMIN, "now": START}
    with pytest.raises(UserSigError) as raised:
        verify(**asked | otherwise)

    assert str(raised.value) == words


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file or directory"), (b"\xff", "it is no text"), (b" \n", "it is empty")]
)
def test_a_file_that_holds_no_key_is_told_with_the_reason(tmp_path: Path, content: bytes | None, reason: str) -> None:
    """The message names the file, and says what is wrong with it."""
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        secret_in(file)

    assert str(raised.value) == f"no secret key can be read from {str(file)!r}: {reason}"


def test_a_signature_with_odd_characters_asks_what_happened_to_it() -> None:
    """What no UserSig holds comes of a cut, of quotes or of an encoding, and the message says so."""
    with pytest.raises(ConfigError) as raised:
        StaticSignature(f'"{GOOD}"')

    assert str(raised.value) == "usersig holds characters that no UserSig has; was it cut, quoted or encoded?"


def test_a_part_of_what_is_hidden_is_that_part_and_hidden() -> None:
    """Cut as by what shortens a string before it shows it, it holds the part and reads as three stars."""
    part = Redacted("abcdef")[1:3]

    assert part == "bc"
    assert repr(part) == "'***'"


@pytest.mark.parametrize(
    ("key", "words"),
    [("", "secret_key is empty"), (f"{KEY}\udcff", "secret_key holds half of a surrogate pair; is it UTF-8?")],
)
def test_a_key_that_cannot_sign_is_told_why(key: str, words: str) -> None:
    """Nothing at all, or no text."""
    with pytest.raises(ConfigError) as raised:
        Signer(APP, key, ADMIN, life=DAY, clock=FakeClock())

    assert str(raised.value) == words


@pytest.mark.parametrize(("passed", "dated"), [(30.0, 0.0), (0.0, 30.0)])
async def test_half_a_life_is_over_by_either_clock(passed: float, dated: float) -> None:
    """At the very second in which one of the two clocks shows half of its life, a UserSig is renewed."""
    clock = FakeClock(now=START)
    signature = signer(clock, 60)
    first = signature.current()

    await clock.advance(passed)
    clock.set_wall_clock(START + dated)

    assert signature.current() is not first
