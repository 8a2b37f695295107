"""What is believed, and what is not."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from attrs import evolve, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from tests.webhook.posted import TOKEN, Post, sample
from timrest_async import ConfigError, Text, Unknown
from timrest_async.testing import FakeClock
from timrest_async.webhook import (
    Auth,
    C2CBeforeSendMsg,
    EventBatch,
    MalformedRequestError,
    Origin,
    PushOfflinePush,
    RequestTooLargeError,
    SignatureError,
    StaleRequestError,
    UnknownEvent,
    WebhookError,
    WrongApplicationError,
    parse,
    sign,
)
from timrest_async.webhook.parsing import MAX_BYTES

BEFORE = "C2C.CallbackBeforeSendMsg"
SPEC = yaml.safe_load((Path(__file__).parents[1] / "spec" / "webhooks.yaml").read_text(encoding="utf-8"))
VECTORS = SPEC["authentication"]["test_vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["token"] for vector in VECTORS])
def test_the_signature_is_that_of_the_documents(vector: dict[str, Any]) -> None:
    """Sign is the SHA-256 of the token and RequestTime."""
    assert sign(vector["token"], vector["request_time"]) == vector["sign"]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["token"] for vector in VECTORS])
def test_a_call_that_is_signed_as_in_the_documents_is_believed(vector: dict[str, Any], post: Post) -> None:
    """The vectors of the documents open the door, each with its own token."""
    auth = Auth(sdkappid=1_400_000_000, token=vector["token"], clock=post.clock)
    query = post.query(BEFORE, Sign=vector["sign"], RequestTime=str(vector["request_time"]))
    assert isinstance(parse(query, {}, json.dumps(sample(BEFORE)).encode(), auth=auth), C2CBeforeSendMsg)


def test_a_request_becomes_an_event(auth: Auth, post: Post) -> None:
    """The body is in the event, and the address in its origin."""
    event = parse(*post(BEFORE, MsgBody=[{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]), auth=auth)
    assert isinstance(event, C2CBeforeSendMsg)
    assert event.msg_body == [Text("hi")]
    assert event.origin == Origin(
        sdkappid=1_400_000_000,
        client_ip="203.0.113.7",
        opt_platform="iOS",
        requested_at=datetime(2022, 12, 1, 5, 21, 52, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("written", "platform"),
    [
        *(("iOS", "ios"), ("IOS", "ios"), ("Mac", "macos"), ("macOS", "macos"), ("RESTAPI", "restapi")),
        *(("", "unknown"), ("Unknown", "unknown"), ("HarmonyOS", "harmonyos")),
    ],
)
def test_a_platform_has_one_name(written: str, platform: str) -> None:
    """However the service writes it in which callback."""
    assert Origin(opt_platform=written).platform == platform


def test_every_platform_of_the_documents_has_one_name() -> None:
    """The spellings of the documents come to eight platforms."""
    written = SPEC["transport"]["query"]["OptPlatform"]["values"]
    assert {Origin(opt_platform=name).platform for name in written} == {
        *("restapi", "web", "android", "ios", "windows", "macos", "ipad", "unknown")
    }


@frozen
class Bad:
    """A request that is not the service's."""

    error: type[WebhookError]
    status: int
    says: str
    query: Mapping[str, str | None] = field(factory=dict[str, "str | None"])
    headers: Mapping[str, str] = field(factory=dict[str, str])
    body: Callable[[bytes], bytes] = bytes
    later: float = 0.0


OTHER_TIME = {"RequestTime": "1669872113"}
BADLY = {
    "unsigned": Bad(SignatureError, 401, "not signed", {"Sign": None, "RequestTime": None}),
    "without Sign": Bad(SignatureError, 401, "not signed", {"Sign": None}),
    "without RequestTime": Bad(SignatureError, 401, "not signed", {"RequestTime": None}),
    "RequestTime is no number": Bad(SignatureError, 401, "not signed", {"RequestTime": "soon"}),
    "RequestTime is below 0": Bad(SignatureError, 401, "not signed", {"RequestTime": "-1669872112"}),
    "RequestTime in other digits": Bad(SignatureError, 401, "not signed", {"RequestTime": "١٦٦٩٨٧٢١١٢"}),
    "RequestTime without end": Bad(SignatureError, 401, "not signed", {"RequestTime": "1" * 5_000}),
    "wrongly signed": Bad(SignatureError, 401, "does not fit", {"Sign": sign("another", 1_669_872_112)}),
    "signed in capitals": Bad(SignatureError, 401, "does not fit", {"Sign": sign(TOKEN, 1_669_872_112).upper()}),
    "signed in no alphabet": Bad(SignatureError, 401, "does not fit", {"Sign": "签名\udcff"}),
    "signed at another time": Bad(SignatureError, 401, "does not fit", OTHER_TIME),
    "replayed": Bad(StaleRequestError, 401, "was signed 301 s ago; 300 s are allowed", later=301),
    "from the future": Bad(StaleRequestError, 401, "301 s ahead of this machine's clock", later=-301),
    "of another application": Bad(WrongApplicationError, 403, "SdkAppid is '1400000001'", {"SdkAppid": "1400000001"}),
    "of no application": Bad(WrongApplicationError, 403, "SdkAppid is None", {"SdkAppid": None}),
    "spelled as REST does": Bad(WrongApplicationError, 403, "None", {"SdkAppid": None, "sdkappid": "1400000000"}),
    "oversized": Bad(
        *(RequestTooLargeError, 413, "1,048,577 bytes, and 1,048,576 are allowed"),
        body=lambda body: body.ljust(MAX_BYTES + 1),
    ),
    "not JSON": Bad(MalformedRequestError, 400, "no JSON object but 10 bytes", body=lambda _: b"<xml></xml>"[:10]),
    "empty": Bad(MalformedRequestError, 400, "no JSON object but 0 bytes", body=lambda _: b""),
    "cut off": Bad(MalformedRequestError, 400, "no JSON object", body=lambda body: body[:-1]),
    "a list": Bad(MalformedRequestError, 400, "no JSON object", body=lambda body: b"[" + body + b"]"),
    "nested without end": Bad(MalformedRequestError, 400, "no JSON object", body=lambda _: b'{"a":' * 100_000),
    "not Unicode": Bad(MalformedRequestError, 400, "no JSON object", body=lambda _: b'{"CallbackCommand": "\xff"}'),
    "compressed": Bad(MalformedRequestError, 400, "compressed", headers={"content-encoding": "gzip"}),
    "of two callbacks": Bad(
        *(MalformedRequestError, 400, "CallbackCommand is 'State.StateChange' in the address and 'C2C.Callback"),
        {"CallbackCommand": "State.StateChange"},
    ),
    "of no callback": Bad(
        *(MalformedRequestError, 400, "CallbackCommand is None in the address and None in the body"),
        {"CallbackCommand": None},
        body=lambda _: b"{}",
    ),
    "of a callback that is a number": Bad(
        *(MalformedRequestError, 400, "None in the address and 7 in the body"),
        {"CallbackCommand": None},
        body=lambda _: b'{"CallbackCommand": 7}',
    ),
    "of a callback that is empty": Bad(
        MalformedRequestError, 400, "''", {"CallbackCommand": None}, body=lambda _: b'{"CallbackCommand": ""}'
    ),
    "without a sender": Bad(
        *(MalformedRequestError, 400, "C2C.CallbackBeforeSendMsg: this is not a C2CBeforeSendMsg: KeyError('From_Acc"),
        body=lambda body: body.replace(b"From_Account", b"From"),
    ),
    "with a list for a number": Bad(
        *(MalformedRequestError, 400, "this is not a C2CBeforeSendMsg"),
        body=lambda body: json.dumps(json.loads(body) | {"MsgSeq": []}).encode(),
    ),
}


@pytest.mark.parametrize("bad", BADLY.values(), ids=BADLY)
async def test_what_is_not_the_services_is_refused(bad: Bad, auth: Auth, post: Post) -> None:
    """Each with an error of its own class, its HTTP status, and words that say why."""
    query, headers, body = post(BEFORE)
    query_of = post.query(BEFORE, **bad.query)
    post.clock.set_wall_clock(post.clock.now() + bad.later)
    with pytest.raises(bad.error, match=bad.says.replace("(", r"\(")) as refused:
        parse(query_of, {**headers, **bad.headers}, bad.body(body), auth=auth)
    assert (type(refused.value), refused.value.status) == (bad.error, bad.status)
    parse(query, headers, body, auth=evolve(auth, max_age=math.inf))


@pytest.mark.parametrize("bad", [bad for bad in BADLY.values() if bad.error is SignatureError])
def test_without_a_token_calls_need_no_signature(bad: Bad, post: Post) -> None:
    """Where the console signs nothing, what stands in the place of a signature is not looked at."""
    auth = Auth(sdkappid=1_400_000_000, token=None)
    event = parse(post.query(BEFORE, **bad.query), {}, json.dumps(sample(BEFORE)).encode(), auth=auth)
    assert event.origin.requested_at is None


def test_no_error_shows_the_token_or_the_right_signature(auth: Auth, post: Post) -> None:
    """Neither the refusal nor the settings tell what would have been believed."""
    query = post.query(BEFORE, Sign="0" * 64)
    with pytest.raises(SignatureError) as refused:
        parse(query, {}, b"{}", auth=auth)
    for secret in (TOKEN, sign(TOKEN, 1_669_872_112)):
        assert secret not in f"{refused.value!r} {refused.value} {auth!r} {auth.token[0]!r}"


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_signature_is_good_for_five_minutes_to_both_sides(seconds: float, auth: Auth, post: Post) -> None:
    """Clocks differ, and networks take their time."""
    request = post(BEFORE)
    post.clock.set_wall_clock(post.clock.now() + seconds)
    assert isinstance(parse(*request, auth=auth), C2CBeforeSendMsg)


@pytest.mark.parametrize("token", [TOKEN, "the one before"])
def test_while_the_token_is_changed_either_will_do(token: str, post: Post) -> None:
    """The console and your application need not change it in the same moment."""
    auth = Auth(sdkappid=1_400_000_000, token=["the one before", TOKEN], clock=post.clock)
    query = post.query(BEFORE, Sign=sign(token, 1_669_872_112))
    assert isinstance(parse(query, {}, json.dumps(sample(BEFORE)).encode(), auth=auth), C2CBeforeSendMsg)


def test_a_body_of_the_largest_size_is_read(auth: Auth, post: Post) -> None:
    """The limit itself is within it, and another may be set."""
    query, headers, body = post(BEFORE)
    parse(query, headers, body.ljust(MAX_BYTES), auth=auth)
    parse(query, headers, body, auth=auth, max_bytes=len(body))
    with pytest.raises(RequestTooLargeError):
        parse(query, headers, body, auth=auth, max_bytes=len(body) - 1)


def test_the_callback_is_taken_from_the_address_where_the_body_lacks_it(auth: Auth, post: Post) -> None:
    """Some callbacks do not name themselves in their body."""
    body = sample(BEFORE)
    del body["CallbackCommand"]
    assert isinstance(parse(post.query(BEFORE), {}, json.dumps(body).encode(), auth=auth), C2CBeforeSendMsg)


def test_the_callback_is_taken_from_the_body_where_the_address_lacks_it(auth: Auth, post: Post) -> None:
    """The body names it as well."""
    query = post.query(BEFORE, CallbackCommand=None)
    assert isinstance(parse(query, {}, json.dumps(sample(BEFORE)).encode(), auth=auth), C2CBeforeSendMsg)


def test_a_callback_of_tomorrow_is_an_unknown_event(auth: Auth, post: Post) -> None:
    """Nothing of it is lost."""
    body = {"CallbackCommand": "Group.CallbackAfterDreams", "GroupId": "g", "Dreams": [1, {"a": None}]}
    event = parse(post.query("Group.CallbackAfterDreams"), {}, json.dumps(body).encode(), auth=auth)
    assert event == UnknownEvent(callback_command="Group.CallbackAfterDreams")
    assert event.extra == {"GroupId": "g", "Dreams": [1, {"a": None}]}
    assert event.origin.client_ip == "203.0.113.7"
    assert (event.key, event.happened_at) == (None, None)


def test_members_and_elements_of_tomorrow_are_kept(auth: Auth, post: Post) -> None:
    """A member that nobody knows is in ``extra``, an element that nobody knows is :class:`Unknown`."""
    dance = {"MsgType": "TIMDanceElem", "MsgContent": {"Steps": 3}}
    event = parse(*post(BEFORE, MsgBody=[dance], Tomorrow={"x": [1]}), auth=auth)
    assert event.extra == {"Tomorrow": {"x": [1]}}
    assert isinstance(event, C2CBeforeSendMsg)
    assert event.msg_body == [Unknown("TIMDanceElem", {"Steps": 3})]


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b" \n\t"])
def test_a_mark_or_white_space_before_the_body_does_no_harm(mark: bytes, auth: Auth, post: Post) -> None:
    """A byte order mark is no reason to lose an event."""
    query, headers, body = post(BEFORE)
    assert isinstance(parse(query, headers, mark + body, auth=auth), C2CBeforeSendMsg)


def test_not_compressed_is_not_compressed(auth: Auth, post: Post) -> None:
    """``identity`` says that nothing was done."""
    query, headers, body = post(BEFORE)
    parse(query, headers | {"Content-Encoding": "Identity"}, body, auth=auth)


@given(st.text(max_size=60), st.dictionaries(st.text(max_size=9), st.text(max_size=9)), st.binary(max_size=200))
def test_whatever_comes_it_is_an_event_or_an_error_of_ours(query: str, headers: dict[str, str], body: bytes) -> None:
    """Nothing that anybody sends raises anything else."""
    for token in (TOKEN, None):
        with pytest.raises(WebhookError):
            parse(query, headers, body, auth=Auth(sdkappid=1, token=token, clock=FakeClock()))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_whatever_stands_in_a_field_it_is_an_event_or_an_error_of_ours(data: st.DataObject) -> None:
    """A value of any other kind is an event that can be looked at, or one error."""
    body = sample(BEFORE)
    name = data.draw(st.sampled_from(sorted(body.keys() - {"CallbackCommand"})))
    content = json.dumps(body | {name: data.draw(json_values)}).encode()
    query = urlencode({"SdkAppid": "1", "CallbackCommand": BEFORE})
    try:
        event = parse(query, {}, content, auth=Auth(sdkappid=1, token=None))
    except MalformedRequestError:
        return
    assert event.happened_at is None or event.happened_at.tzinfo is UTC
    hash(event.key)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"sdkappid": 0, "token": None}, "sdkappid"),
        ({"sdkappid": True, "token": None}, "sdkappid"),
        ({"sdkappid": "1400000000", "token": None}, "sdkappid"),
        ({"sdkappid": 1, "token": ""}, "token"),
        ({"sdkappid": 1, "token": []}, "token"),
        ({"sdkappid": 1, "token": ["a", ""]}, "token"),
        ({"sdkappid": 1, "token": "a", "max_age": 0}, "max_age"),
        ({"sdkappid": 1, "token": "a", "max_age": math.nan}, "max_age"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], says: str) -> None:
    """An empty token would let everybody in who can count."""
    with pytest.raises(ConfigError, match=says):
        Auth(**settings)


def test_the_environment_says_whose_calls_are_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables are those of the session, and TIMREST_WEBHOOK_TOKEN; one that nobody set opens no door."""
    monkeypatch.setenv("TIMREST_SDKAPPID", "1400000000")
    monkeypatch.setenv("TIMREST_WEBHOOK_TOKEN", TOKEN)
    auth = Auth.from_env()
    assert (auth.sdkappid, auth.token) == (1_400_000_000, (TOKEN,))
    monkeypatch.setenv("TIMREST_WEBHOOK_TOKEN", "")
    with pytest.raises(ConfigError, match="token=None"):
        Auth.from_env()
    monkeypatch.delenv("TIMREST_WEBHOOK_TOKEN")
    with pytest.raises(ConfigError, match="token=None"):
        Auth.from_env()
    monkeypatch.setenv("TIMREST_WEBHOOK_TOKEN", TOKEN)
    for wrong in ("", "mine", "١٦٦"):
        monkeypatch.setenv("TIMREST_SDKAPPID", wrong)
        with pytest.raises(ConfigError, match="TIMREST_SDKAPPID"):
            Auth.from_env()


PUSH = "Push.OfflinePush"


def batch(*events: Any, **outside: Any) -> bytes:
    """Return the body of a request with several events."""
    return json.dumps({"Events": list(events), **outside}).encode()


def test_several_events_of_one_request_are_a_batch(auth: Auth, post: Post) -> None:
    """Results of pushes come up to 100 at a time, as 269/102567 has it; each is an event with its own values."""
    first, second = sample(PUSH), sample(PUSH) | {"MsgSeq": 124}
    del second["CallbackCommand"]
    got = parse(post.query(PUSH), {}, batch(first, second), auth=auth)
    assert isinstance(got, EventBatch)
    assert [type(event) for event in got.events] == [PushOfflinePush, PushOfflinePush]
    assert [event.msg_seq for event in got.events if isinstance(event, PushOfflinePush)] == [123, 124]
    assert [event.origin.client_ip for event in (got, *got.events)] == ["203.0.113.7"] * 3
    assert got.events[0].key != got.events[1].key
    assert not got.events[1].extra


@pytest.mark.parametrize("events", [None, {}, "x", [1], [[]], [{"CallbackCommand": PUSH}]])
def test_a_batch_of_anything_else_is_refused(auth: Auth, post: Post, events: Any) -> None:
    """As one event that cannot be read is."""
    body = json.dumps({"Events": events}).encode()
    with pytest.raises(MalformedRequestError, match=r"Push\.OfflinePush: "):
        parse(post.query(PUSH), {}, body, auth=auth)


def test_a_batch_of_tomorrow_is_a_batch_of_unknown_events(auth: Auth, post: Post) -> None:
    """No class is needed to tell one event from another."""
    got = parse(post.query("Push.Dreams"), {}, batch({"Dream": 1}, {"Dream": 2}), auth=auth)
    assert isinstance(got, EventBatch)
    assert [event.extra for event in got.events] == [{"Dream": 1}, {"Dream": 2}]
    assert got.events[0] == UnknownEvent(callback_command="Push.Dreams")
