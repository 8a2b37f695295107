"""`timrest send`."""

import json
from collections.abc import Callable

import pytest
from typer.testing import Result

from timrest_async import Custom, Image, Text
from timrest_async.sandbox import Sandbox

Timrest = Callable[..., Result]

GROUP = "@TGS#2C5SZEAEF"


def test_a_text_arrives_and_the_receipt_is_printed(timrest: Timrest, box: Sandbox) -> None:
    """A text for an account arrives, and the receipt names it."""
    result = timrest("send", "to", "lumotuwe2", "hi, beauty")
    (message,) = box.state.conversation("administrator", "lumotuwe2")
    assert (result.exit_code, result.stderr) == (0, "")
    assert message.msg_body == [Text("hi, beauty")]
    assert message.msg_key in result.stdout
    assert "sent to lumotuwe2" in result.stdout


def test_the_receipt_is_json_on_request(timrest: Timrest, box: Sandbox) -> None:
    """With --json the receipt is one JSON object and nothing else."""
    result = timrest("send", "to", "lumotuwe2", "hi", "--json", "--from", "lumotuwe1")
    (message,) = box.state.conversation("lumotuwe1", "lumotuwe2")
    assert json.loads(result.stdout) == {
        "to_account": "lumotuwe2",
        "msg_key": message.msg_key,
        "msg_id": message.msg_id,
        "msg_time": message.msg_time,
    }


def test_a_message_may_have_several_elements(timrest: Timrest, box: Sandbox) -> None:
    """Text, picture and data go out as one message, in that order."""
    picture = ("--image", "https://a.example/b.png", "--width", "4", "--height", "3")
    assert timrest("send", "to", "lumotuwe2", "look", *picture, "--custom", '{"a": [1]}').exit_code == 0
    (message,) = box.state.conversation("administrator", "lumotuwe2")
    assert message.msg_body == [
        Text("look"),
        Image.at("https://a.example/b.png", width=4, height=3),
        Custom('{"a":[1]}'),
    ]


def test_text_may_come_from_stdin(timrest: Timrest, box: Sandbox) -> None:
    """A dash reads the text from stdin, without the line's end."""
    assert timrest("send", "to", "lumotuwe2", "-", stdin="从管道来\n").exit_code == 0
    (message,) = box.state.conversation("administrator", "lumotuwe2")
    assert message.msg_body == [Text("从管道来")]


@pytest.mark.parametrize("option", [["--sync"], ["--no-sync"], ["--life", "60"]])
def test_options_are_accepted_by_the_service(timrest: Timrest, option: list[str]) -> None:
    """Each option makes a message that the service takes."""
    assert timrest("send", "to", "lumotuwe2", "hi", *option).exit_code == 0


def test_a_life_of_nothing_is_for_who_is_online(timrest: Timrest, box: Sandbox) -> None:
    """--life 0 reaches the service as a message that is not stored."""
    timrest("send", "to", "lumotuwe2", "hi", "--life", "0")
    assert box.state.conversation("administrator", "lumotuwe2")[0].online_only


def test_a_group_gets_a_message(timrest: Timrest, box: Sandbox) -> None:
    """A text for a group arrives under the sender and with the priority that were given."""
    result = timrest("send", "group", GROUP, "red packet", "--from", "lumotuwe1", "--priority", "High")
    (message,) = box.state.groups[GROUP].messages
    assert (message.from_account, message.msg_priority) == ("lumotuwe1", "High")
    assert [line.split() for line in result.stdout.splitlines()[:2]] == [["sent", "to", GROUP], ["msg_seq", "1"]]


def test_a_groups_receipt_is_json_on_request(timrest: Timrest, box: Sandbox) -> None:
    """With --json a group's receipt is one JSON object."""
    result = timrest("send", "group", GROUP, "hi", "--json")
    (message,) = box.state.groups[GROUP].messages
    assert json.loads(result.stdout) == {"group_id": GROUP, "msg_seq": 1, "msg_time": message.msg_time}


def test_a_dropped_message_is_a_failure(timrest: Timrest, box: Sandbox) -> None:
    """A message that the service takes and drops ends with exit code 1, the reason, and what to do."""
    box.rules.group_messages_per_second = 0
    result = timrest("send", "group", GROUP, "one too many")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "dropped it" in result.stderr
    assert "MsgFreqCtrl" in result.stderr
    assert "slow down" in result.stderr


def test_a_picture_needs_no_more_than_its_address(timrest: Timrest, box: Sandbox) -> None:
    """A size that is not known goes out as 0."""
    assert timrest("send", "group", "@TGS#2C5SZEAEF", "--image", "https://a.example/b.png").exit_code == 0
    assert box.state.groups["@TGS#2C5SZEAEF"].messages[-1].msg_body == [Image.at("https://a.example/b.png")]


def test_a_refusal_says_what_to_do(timrest: Timrest) -> None:
    """A refusal names command, code, meaning, the service's words and the advice, without a traceback."""
    result = timrest("send", "to", "nobody", "hi")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "openim/sendmsg was refused with 90012" in result.stderr
    for label in ("meaning", "it said", "to do"):
        assert label in result.stderr
    assert "Traceback" not in result.stderr


def test_a_refusal_is_json_on_request(timrest: Timrest) -> None:
    """With --json a refusal is one object on stdout, and stderr stays empty."""
    result = timrest("send", "to", "nobody", "hi", "--json")
    error = json.loads(result.stdout)["error"]
    assert (result.exit_code, result.stderr) == (1, "")
    assert (error["error"], error["code"], error["command"]) == ("NotFoundError", 90012, "openim/sendmsg")
    assert error["meaning"]
    assert error["advice"]


def test_a_retry_is_told_of(timrest: Timrest, box: Sandbox) -> None:
    """A call that failed again and again says how often it went out."""
    box.faults.add("openim/sendmsg", code=20005, times=5)
    result = timrest("send", "to", "lumotuwe2", "hi")
    assert result.exit_code == 1
    assert "after 5 attempts" in result.stderr


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        ([], "nothing to send"),
        (["hi", "--height", "3"], "go with --image"),
        (["hi", "--width", "3"], "go with --image"),
        (["--custom", "{"], "--custom is no JSON"),
        (["-"], "nothing came from stdin"),
        (["hi", "--width", "0"], "--width"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(timrest: Timrest, args: list[str], complaint: str) -> None:
    """What cannot be meant ends with exit code 2 and sends nothing."""
    result = timrest("send", "to", "lumotuwe2", *args, stdin="")
    assert (result.exit_code, result.stdout) == (2, "")
    assert complaint in result.stderr


def test_stdin_has_to_be_text(timrest: Timrest) -> None:
    """Bytes that are no text are a usage error, not a traceback."""
    result = timrest("send", "to", "lumotuwe2", "-", stdin=b"\xff\xfe")
    assert result.exit_code == 2
    assert "no text" in result.stderr


@pytest.mark.parametrize(
    "args", [("group", GROUP, "hi", "--priority", "Highest"), ("to", "x" * 33, "hi"), ("to", "x", "hi", "--life", "-1")]
)
def test_a_value_out_of_bounds_sends_nothing(timrest: Timrest, box: Sandbox, args: tuple[str, ...]) -> None:
    """A value that the command refuses ends with exit code 1 before anything is sent."""
    result = timrest("send", *args)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert not box.service.calls
