"""`timrest commands`, and what the shell completes."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import Result

from timrest_async.commands._registry import FieldEntry, commands, fields_in, find

Run = Callable[..., Result]

PATHS = [entry.path for entry in commands()]


def on_terminal(run: Run, *args: str, columns: int = 80) -> str:
    """What a terminal of so many columns shows, without its colours."""
    result = run("commands", *args, env={"FORCE_COLOR": "1", "COLUMNS": str(columns)})
    assert result.exit_code == 0
    return re.sub(r"\x1b\[[\d;]*m", "", result.stdout)


def flat(text: str) -> str:
    """Text without its line breaks, however it was wrapped."""
    return " ".join(text.split())


def told_of(run: Run, *words: str) -> list[dict[str, Any]]:
    """What machines are told."""
    told: list[dict[str, Any]] = json.loads(run("commands", *words, "--json").stdout)
    return told


def inside(fields: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Fields as machines are told of them, and those of what they hold."""
    for field in fields:
        yield field
        yield from inside(field.get("fields", []))


def marks(text: str) -> list[str]:
    """What is left of the marks of docstrings."""
    return re.findall(r"``|:\w+:`|(?<![\w ])\*\w+\*|\*\*", text)


# -- lists


def test_a_pipe_gets_a_line_for_each_command(run: Run) -> None:
    """It holds the path, the call and what the command does, in columns, and nothing else stands above or below."""
    lines = run("commands").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [[entry.path, entry.call] for entry in commands()]
    assert all(line.endswith(".") for line in lines)
    assert len({line.index(" tim.") for line in lines}) == 1


@pytest.mark.parametrize("columns", [80, 120, 200])
@pytest.mark.parametrize("words", [[], ["a"]], ids=["all", "those with a word"])
def test_a_terminal_gets_lists_that_fit(run: Run, words: list[str], columns: int) -> None:
    """Commands stand below their domain; no line is too long, and no name is broken to make it so."""
    shown = on_terminal(run, *words, columns=columns)
    found = told_of(run, *words)
    assert max(map(len, shown.splitlines())) <= columns
    assert len(found) > 100
    assert {entry["path"] for entry in found} == set(re.findall(r"\w+/\w+", shown))
    assert re.findall(r"^tim\.\w+", shown, re.MULTILINE) == list(
        dict.fromkeys(entry["call"].rpartition(".")[0] for entry in found)
    )
    assert f"{len(found)} commands; " in shown


def test_the_list_of_all_is_short_where_room_is(run: Run) -> None:
    """What commands do is told of those that were asked for, and of all where it fits beside their names."""
    does = "Tell the sender of messages that their receiver has read them."
    assert does not in flat(on_terminal(run))
    assert does in flat(on_terminal(run, columns=160))
    assert does in flat(on_terminal(run, "receipt"))


@pytest.mark.parametrize("word", ["receipt", "RECEIPT", " receipt ", "read receipt", "v4/openim_robot"])
def test_a_word_finds_all_that_have_it(run: Run, word: str) -> None:
    """In a name or in what they do, in any case; a path may have its version, and of several words each is needed."""
    sought = word.lower().replace("v4/", "").split()
    texts = {
        entry.path: f"{entry.path} {entry.call} {entry.command.__name__} {entry.summary}".lower()
        for entry in commands()
    }
    found = [path for path, text in texts.items() if all(part in text for part in sought)]
    assert found
    assert [entry["path"] for entry in told_of(run, word)] == found


# -- one command


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("openim/sendmsg", "openim/sendmsg"),
        ("/v4/openim/sendmsg", "openim/sendmsg"),
        ("configsvc/getiplist", "ConfigSvc/GetIPList"),
        ("tim.messages.send", "openim/sendmsg"),
        ("messages.send", "openim/sendmsg"),
        ("SendMessage", "openim/sendmsg"),
        ("tim.accounts.check_all", "im_open_login_svc/account_check"),
        (" groups.each ", "group_open_http_svc/get_appid_group_list"),
    ],
)
def test_a_name_shows_one_command(run: Run, name: str, path: str) -> None:
    """A path, a call in any of its forms or a class names one command, also where others have that word in theirs."""
    assert [entry["path"] for entry in told_of(run, name)] == [path]
    entry = find(path)
    assert entry is not None
    assert run("commands", name).stdout.startswith(f"{entry.call}  {path}\n  {entry.summary}\n")


def test_up_to_three_commands_are_shown_in_full(run: Run) -> None:
    """One after the other."""
    shown = run("commands", "sendmsg").stdout
    assert re.findall(r"^tim\.\S+  (\S+)$", shown, re.MULTILINE) == ["openim/sendmsg", "openim/batchsendmsg"]
    assert shown.count("\n  request  ") == shown.count("\n  reply  ") == 2


@pytest.mark.parametrize("columns", [80, 120])
def test_every_page_fits_and_breaks_no_name(run: Run, columns: int) -> None:
    """Every key, name and type stands in one piece, with what it is for beside or below it; no line is too long."""
    for told in told_of(run):
        shown = on_terminal(run, told["path"], columns=columns)
        assert max(map(len, shown.splitlines())) <= columns, told["path"]
        pieces, words = {*shown.split()}, flat(shown)
        for field in inside([*told["request"], *told["reply"]]):
            assert {field["wire"], field["name"], *field["type"].split()} <= pieces, (told["path"], field)
            assert field["about"] in words, (told["path"], field)


def test_a_terminal_of_hardly_any_columns_does_no_harm(run: Run) -> None:
    """Names are broken then, and everything is still there."""
    assert "MsgRandom" in on_terminal(run, "openim/sendmsg", columns=20)
    assert on_terminal(run, "openim/sendmsg", columns=5)


def test_a_pipe_gets_a_line_for_each_field(run: Run) -> None:
    """With its key, its name, its type and what it is for, however long that is."""
    lines = run("commands", "openim/importmsg").stdout.splitlines()
    entry = find("openim/importmsg")
    assert entry is not None
    rows = [line.split(maxsplit=3) for line in (line.replace("*", " ", 1) for line in lines)]
    for field in entry.request:
        assert [field.wire, field.name, field.type, field.about] in rows


def test_what_is_required_is_marked(run: Run) -> None:
    """By a star, which is explained once; what the service answers needs none."""
    shown = on_terminal(run, "openim/sendmsg")
    assert re.findall(r"^  \* (\w+)", shown, re.MULTILINE) == [
        "To_Account",
        "MsgRandom",
        "MsgBody",
        "LaId",
        "Event",
        "ContentState",
        "Language",
    ]
    assert shown.count("* is required") == 1
    assert "MsgTime " in shown.partition("\n  reply  ")[2]
    assert "* is required" not in on_terminal(run, "im_cos_msg/get_cos_sig").partition("\n  reply  ")[2]


def test_what_lies_inside_stands_below_a_title_that_says_where(run: Run) -> None:
    """Each class once, however often it is met, with the way to it from the top."""
    shown = on_terminal(run, "openim/sendmsg", columns=120)
    titles = re.findall(r"^  (re\S+)  (\w+)", shown, re.MULTILINE)
    assert titles == [
        ("request", "SendMessage"),
        ("request.OfflinePushInfo", "OfflinePushInfo"),
        ("request.OfflinePushInfo.AndroidInfo", "AndroidInfo"),
        ("request.OfflinePushInfo.ApnsInfo", "ApnsInfo"),
        ("request.OfflinePushInfo.ApnsInfo.LiveActivity", "LiveActivity"),
        ("request.OfflinePushInfo.HarmonyInfo", "HarmonyInfo"),
        ("request.OfflinePushInfo.MultiLanguageContent[]", "LanguageContent"),
        ("reply", "SendMessageReply"),
    ]
    again = re.findall(r"^  (re\S+)  (\w+)", on_terminal(run, "openim/query_online_status"), re.MULTILINE)
    assert ("reply.QueryResult[].Detail[]", "OnlineStatusDetail") in again


def test_where_there_is_nothing_it_is_said(run: Run) -> None:
    """Of a command that takes no fields, and of one that answers with none."""
    assert "request\n    nothing: the body is an empty object\n" in run("commands", "ConfigSvc/GetIPList").stdout
    assert "reply\n    nothing beyond its ErrorCode\n" in run("commands", "im_open_login_svc/kick").stdout


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("im_open_login_svc/account_check", "tim.accounts.check_all takes any number of items."),
        ("openim/admin_getroammsg", "tim.messages.each iterates over all pages."),
        ("openim/sendmsg", "https://cloud.tencent.com/document/product/269/2282"),
        ("follow/follow_add", "https://www.tencentcloud.com/document/product/1047/70345"),
    ],
)
def test_a_page_leads_further(run: Run, path: str, told: str) -> None:
    """To the other forms of the command, and to its document in the manual."""
    shown = run("commands", path).stdout
    assert f"\n  {told}\n" in shown
    assert "Document" not in shown


def test_a_command_of_no_document_has_no_address(run: Run) -> None:
    """There are some that the manual's pages of today do not have."""
    without = [entry.path for entry in commands() if entry.document is None]
    assert "https:" not in run("commands", without[0]).stdout


@pytest.mark.parametrize("args", [["--json"], [], *([entry.path] for entry in commands() if marks(entry.words))])
def test_no_mark_of_a_docstring_is_left(run: Run, args: list[str]) -> None:
    """What is set as code, as a name or as a link in the source is shown as plain words."""
    assert marks(run("commands", *args).stdout) == []


def test_an_ascii_terminal_gets_the_same() -> None:
    """Nothing is drawn that it does not have."""
    said = [
        subprocess.run(  # our own command
            [sys.executable, "-m", "timrest_async.cli", "commands", "sendmsg"],
            env=os.environ | {"PYTHONIOENCODING": encoding, "FORCE_COLOR": "1"},
            capture_output=True,
            check=True,
        ).stdout
        for encoding in ("ascii", "utf-8")
    ]
    assert said[0] == said[1]
    assert b"openim/batchsendmsg" in said[0]


# -- what is not found


@pytest.mark.parametrize("word", ["发消息", "no such word", "\x1b[2J", "x" * 1000])
def test_what_is_no_command_is_said_to_be_none(run: Run, word: str) -> None:
    """On stderr, with a way on and exit code 1."""
    result = run("commands", word)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: No command has ")
    assert "timrest commands" in result.stderr
    assert "Did you mean" not in result.stderr
    assert "\x1b" not in result.stderr
    assert len(result.stderr) < 600


@pytest.mark.parametrize("word", ["openim/sendmgs", "sendmgs", "SendMesage", "tim.messages.sent"])
def test_what_is_nearly_one_is_guessed(run: Run, word: str) -> None:
    """A slip in a path, its last word, a class or a call."""
    assert "Did you mean openim/sendmsg?" in run("commands", word).stderr


def test_machines_are_told_too(run: Run) -> None:
    """As one JSON object."""
    result = run("commands", "发消息", "--json")
    assert (result.exit_code, result.stderr) == (1, "")
    assert json.loads(result.stdout)["error"]["error"] == "UnknownCommand"


# -- for machines


def test_json_has_all_that_is_known(run: Run) -> None:
    """Of each command its names and its fields, and of a field what it holds."""

    def check(told: list[dict[str, Any]], fields: list[FieldEntry]) -> None:
        for one, field in zip(told, fields, strict=True):
            assert list(one)[:5] == ["wire", "name", "type", "required", "about"]
            assert [one["wire"], one["name"], one["type"]] == [field.wire, field.name, field.type]
            assert one["required"] is field.required
            assert ("fields" in one) is (field.struct is not None)
            if field.struct is not None:
                check(one["fields"], fields_in(field.struct))

    result = run("commands", "--json")
    assert result.stdout.count("\n") == 1
    for told, entry in zip(json.loads(result.stdout), commands(), strict=True):
        assert [told["path"], told["class"]] == [entry.path, entry.command.__name__]
        assert [told["call"], told["document"]] == [entry.call, entry.document]
        check(told["request"], entry.request)
        check(told["reply"], entry.reply)


@pytest.mark.parametrize(
    ("path", "each", "every"),
    [
        ("openim/sendmsg", None, None),
        ("openim/admin_getroammsg", "tim.messages.each", None),
        ("im_open_login_svc/account_check", None, "tim.accounts.check_all"),
    ],
)
def test_json_names_the_other_forms(run: Run, path: str, each: str | None, every: str | None) -> None:
    """Where a command has none they are null."""
    (told,) = told_of(run, path)
    assert (told["each"], told["all"]) == (each, every)


# -- the shell


def completions(run: Run, words: str) -> list[str]:
    """What bash offers behind some words."""
    env = {"_TIMREST_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    return run(env=env).stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("timrest call openim/se", ["openim/sendmsg"]),
        ("timrest call v4/openim/se", ["v4/openim/sendmsg"]),
        ("timrest call ", PATHS),
        ("timrest call nothing", []),
        ("timrest commands follow/", [path for path in PATHS if path.startswith("follow/")]),
        ("timrest commands tim.messages.send_", ["tim.messages.send_batch", "tim.messages.send_read_receipts"]),
    ],
)
def test_the_shell_completes_names(run: Run, words: str, offered: list[str]) -> None:
    """Paths, slash and all, for both commands that take one; calls where these do."""
    assert completions(run, words) == offered


def test_the_shell_tells_what_commands_do(run: Run) -> None:
    """Where it can, as zsh does."""
    env = {"_TIMREST_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "timrest call openim/se"}
    assert '"openim/sendmsg":"Send one message to one account."' in run(env=env).stdout
