"""`timrest bulk`."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli.conftest import bodies, texts, words
from timrest_async import InputError
from timrest_async.cli.output import describe
from timrest_async.sandbox import Sandbox

Run = Callable[..., Result]

BATCH = "openim/batchsendmsg"
SEND = "openim/sendmsg"
GROUP = "@TGS#2C5SZEAEF"


def test_everybody_in_a_file_gets_the_message(timrest: Run, box: Sandbox, write: Callable[..., str]) -> None:
    """The same text goes to all in one call; the numbers go to stdout and the progress to stderr."""
    result = timrest("bulk", "--to", write("lumotuwe1\nlumotuwe2\n"), "--text", "Hi {{}}")
    assert result.exit_code == 0
    assert texts(box) == {"lumotuwe1": ["Hi {}"], "lumotuwe2": ["Hi {}"]}
    assert [call.path for call in box.service.calls] == [BATCH]
    assert result.stdout.startswith("sent to 2 of 2 in ")
    assert result.stderr.startswith("2 of 2: 2 sent; ")


def test_columns_are_fields_of_the_message(timrest: Run, box: Sandbox, write: Callable[..., str]) -> None:
    """Each recipient gets a message of its own, in the sender's name."""
    file = write("name,user_id\nAnn,lumotuwe1\n{x},lumotuwe2\n")
    result = timrest("bulk", "--to", file, "--text", "Hi {name}, {user_id}", "--from", "lumotuwe1")
    assert result.exit_code == 0
    (said,) = box.state.conversation("lumotuwe1", "lumotuwe2")
    assert getattr(said.msg_body[0], "text", None) == "Hi {x}, lumotuwe2"
    assert [call.path for call in box.service.calls] == [SEND] * 2


def test_recipients_may_come_from_stdin(timrest: Run, box: Sandbox) -> None:
    """A dash reads them from there, in a format that is told or guessed."""
    assert timrest("bulk", "--to", "-", "--text", "{n}", stdin='{"to": "lumotuwe1", "n": 1.50}\n').exit_code == 0
    assert timrest("bulk", "--to", "-", "--text", "x", "--format", "jsonl", stdin='"lumotuwe1"').exit_code == 0
    assert texts(box) == {"lumotuwe1": ["1.50", "x"]}


def test_recipients_may_come_out_of_a_pipe(timrest: Run, box: Sandbox, tmp_path: Path) -> None:
    """What can be read only once is kept meanwhile."""
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=("lumotuwe1\n",))
    writer.start()
    assert timrest("bulk", "--to", str(tmp_path / "pipe"), "--text", "x").exit_code == 0
    writer.join()
    assert texts(box) == {"lumotuwe1": ["x"]}


def test_groups_get_the_message(timrest: Run, box: Sandbox, write: Callable[..., str]) -> None:
    """With --group the recipients are groups."""
    result = timrest(
        "bulk", "--group", "--to", write(f"group_id,x\n{GROUP},1\n"), "--text", "hi", "--from", "lumotuwe1"
    )
    (message,) = box.state.groups[GROUP].messages
    assert (result.exit_code, message.from_account) == (0, "lumotuwe1")


def test_a_whole_body_of_the_manual_goes_out(timrest: Run, box: Sandbox, write: Callable[..., str]) -> None:
    """--message takes what the manual prints, but for the recipient and the numbers; its strings are templates."""
    body = {
        "SyncOtherMachine": 2,
        "MsgLifeTime": 60,
        "MsgBody": [{"MsgType": "TIMCustomElem", "MsgContent": {"Data": {"for": "{to}"}}}],
        "CloudCustomData": "c",
        "OfflinePushInfo": {"PushFlag": 0, "Desc": "for {to}"},
    }
    for file in ("to\nlumotuwe1\n", "to,name\nlumotuwe2,x\n"):
        assert timrest("bulk", "--to", write(file), "--message", write(json.dumps(body), "m.json")).exit_code == 0
    sent = bodies(box)
    assert [one["OfflinePushInfo"]["Desc"] for one in sent] == ["for lumotuwe1", "for lumotuwe2"]
    assert {(one["SyncOtherMachine"], one["MsgLifeTime"], one["CloudCustomData"]) for one in sent} == {(2, 60, "c")}
    assert [one["MsgBody"][0]["MsgContent"]["Data"] for one in sent] == ['{"for":"lumotuwe1"}', '{"for":"lumotuwe2"}']


def test_a_body_without_fields_goes_out_in_batches(timrest: Run, box: Sandbox, write: Callable[..., str]) -> None:
    """What is the same for all keeps its further keys in a call for many."""
    body = {"MsgLifeTime": 0, "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]}
    file = write("lumotuwe1\nlumotuwe2\n")
    assert timrest("bulk", "--to", file, "--message", write(json.dumps(body), "m.json")).exit_code == 0
    (sent,) = bodies(box)
    assert (sent["To_Account"], sent["MsgLifeTime"]) == (["lumotuwe1", "lumotuwe2"], 0)


def test_who_is_refused_is_told_with_the_reason(timrest: Run, write: Callable[..., str]) -> None:
    """Whoever was not reached makes exit code 1, and the first ten are listed."""
    file = write("lumotuwe1\n" + "".join(f"nobody{number}\n" for number in range(11)))
    result = timrest("bulk", "--to", file, "--text", "hi")
    assert result.exit_code == 1
    assert "sent to 1 of 12" in result.stdout
    assert "refused nobody0: 70107. " in result.stdout
    assert "nobody10" not in result.stdout
    assert "--report lists all of them" in result.stdout
    told = json.loads(timrest("bulk", "--to", file, "--text", "hi", "--json").stdout)
    assert (told["sent"], told["refused"], told["unknown"], told["skipped"], told["stopped"]) == (1, 11, 0, 0, False)
    assert [one["recipient"] for one in told["not_sent"]] == [f"nobody{number}" for number in range(11)]
    assert {one["code"] for one in told["not_sent"]} == {70107}


@pytest.mark.parametrize(("choice", "received", "code"), [([], 1, 1), (["--unknown", "resend"], 2, 0)])
def test_what_is_not_known_is_for_the_user_to_say(
    timrest: Run, box: Sandbox, write: Callable[..., str], *, choice: list[str], received: int, code: int
) -> None:
    """Whose answer was lost is told of, or sent to once more."""
    box.faults.add(BATCH, lose_answer=True)
    result = timrest("bulk", "--to", write("lumotuwe1\n"), "--text", "hi", *choice)
    assert result.exit_code == code
    assert ("unknown lumotuwe1: " in result.stdout) is bool(code)
    assert len(texts(box)["lumotuwe1"]) == received


def test_the_rate_and_the_receivers_can_be_set(timrest: Run, box: Sandbox, write: Callable[..., str]) -> None:
    """Who bought more sends more: neither of the usual limits is in the way."""
    box.rules.calls_per_second = box.rules.receivers_per_minute = None
    box.state.add_group("@all", members=[f"user{number}" for number in range(12_500)])
    file = write("".join(f"user{number}\n" for number in range(12_500)))
    for bought in ("0", "13000"):
        result = timrest(
            "bulk", "--to", file, "--text", "hi", "--receivers-per-minute", bought, "--rate", "1000", "--json"
        )
        assert (result.exit_code, json.loads(result.stdout)["sent"]) == (0, 12_500)
    assert len(box.service.calls) == 50


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        ([], "give either --text, with words in it, or --message"),
        (["--text", ""], "give either --text, with words in it, or --message"),
        (["--text", "a", "--message", "m.json"], "give either --text, with words in it, or --message"),
        (["--text", "{name}"], "--text, line 1, column 1: r.csv has no column 'name'; there are: to, x"),
        (["--text", "Hi {x.y}"], "--text, line 1, column 4: {x.y} is no field"),
        (["--text", "{x}", "--group"], "a message to groups is the same for all of them; it can have no fields"),
        (["--text", "a", "--resume"], "--resume goes on with what a --journal holds; name it"),
        (["--text", "a", "--resume", "--journal", "nowhere.db"], "nowhere.db holds no run with which to go on"),
        (["--text", "a", "--journal", "r.csv"], "r.csv holds a run already; --resume goes on with it"),
        (["--text", "a", "--journal", "."], ". is a directory, and no journal"),
        (["--text", "a", "--report", "."], ". is a directory, and no report"),
        (
            ["--text", "a", "--report", "nowhere/out.csv"],
            "the report cannot be written to nowhere/out.csv: No such file",
        ),
        (["--text", "a", "--receivers-per-minute", "499"], "has to be 0, or at least 500"),
        (["--text", "a", "--workers", "tasks"], "--workers needs a --journal"),
        (["--text", "a", "--workers", "a:b", "--rate", "1", "--unknown", "resend"], "--rate, --unknown: workers have"),
        (["--text", "a", "--workers", "tasks", "--journal", "x"], "--workers takes MODULE:NAME"),
        (["--text", "a", "--workers", "..a:b", "--journal", "x"], "--workers takes MODULE:NAME"),
        (["--text", "a", "--workers", "no_such_thing:b", "--journal", "x"], "no_such_thing cannot be imported"),
        (["--text", "a", "--workers", "json:dumps", "--journal", "x"], "nothing to which a job can be submitted"),
        (["--message", "m.json", "--from", "b"], "the message holds From_Account, and so does the command line"),
        (["--message", "drawn.json"], "the message holds MsgRandom, which each call has of its own; take it out"),
        (["--message", "wrong.json"], "the message does not fit openim/batchsendmsg: MsgBdy is not among its fields"),
    ],
)
def test_a_wrong_command_line_sends_nothing(
    timrest: Run,
    box: Sandbox,
    write: Callable[..., str],
    *,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    args: list[str],
    complaint: str,
) -> None:
    """What cannot be meant ends with exit code 2 and says why, before anything is sent."""
    monkeypatch.chdir(tmp_path)
    write("to,x\nlumotuwe1,y\n")
    for name, body in (("m", {"From_Account": "a"}), ("drawn", {"MsgRandom": 1}), ("wrong", {"MsgBdy": []})):
        write(json.dumps(body), f"{name}.json")
    result = timrest("bulk", "--to", "r.csv", *args, COLUMNS="300")
    assert (result.exit_code, result.stdout) == (2, "")
    assert complaint in words(result.stderr)
    assert not box.service.calls
    assert not [one.name for one in tmp_path.iterdir() if one.name.startswith(".")]


def test_without_an_account_nothing_is_read(run: Run) -> None:
    """What is missing to speak to the service is told at once."""
    result = run("bulk", "--to", "nowhere.csv", "--text", "hi")
    assert result.exit_code == 1
    assert "TIMREST_SDKAPPID is not set" in result.stderr


def test_on_a_terminal_there_is_a_bar(timrest: Run, write: Callable[..., str]) -> None:
    """A person sees a bar, also where a machine reads what goes to stdout."""
    result = timrest("bulk", "--to", write("lumotuwe1\n"), "--text", "hi", "--json", FORCE_COLOR="1")
    assert "\x1b" in result.stderr
    assert "1 of 1" in result.stderr
    assert json.loads(result.stdout)["sent"] == 1


def test_no_output_shows_the_key(timrest: Run, write: Callable[..., str]) -> None:
    """Neither a result nor a failure prints it."""
    for options in ([], ["--json"], ["--dry-run"]):
        for key in ("a-key-that-stays-secret", ""):
            result = timrest("bulk", "--to", write("lumotuwe1\n"), "--text", "hi", *options, TIMREST_SECRET_KEY=key)
            assert "stays-secret" not in result.output


def test_what_is_noted_on_any_error_is_told() -> None:
    """How far a run came is told also where it failed for a reason of this side."""
    error = InputError("r.csv was changed")
    error.add_note("the run stopped; before that: 5 sent")
    assert describe(error).notes == ["the run stopped; before that: 5 sent"]
