"""The file of `timrest bulk`."""

import io
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import typer

from timrest_async.cli.recipients import BadRow, Recipients, Row, opened


def read(content: str | bytes, *fields: str, name: str = "r.csv", **options: Any) -> list[Row | BadRow]:
    """Read all rows of a file that holds *content*."""
    file = io.BytesIO(content.encode() if isinstance(content, str) else content)
    return list(Recipients(file, name, **options).rows(dict.fromkeys(fields, "--text, line 1, column 4")))


def told(rows: list[Row | BadRow]) -> list[tuple[int, str]]:
    """Return of each row its line, and its recipient or what is wrong with it."""
    return [(row.line, row.reason if isinstance(row, BadRow) else row.to) for row in rows]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("to,name", "ann,Ann"),
        ("name,account", "Ann, ann "),
        ("User_ID,name", "ann,Ann"),
        ("userid,name", "ann,Ann"),
        ("name; ID", "Ann;ann"),
        ("\tid", "Ann\tann"),
    ],
)
def test_the_column_of_accounts_has_one_of_four_names(header: str, row: str) -> None:
    """It is called to, account, user_id or id, wherever it stands and however that is written."""
    assert told(read(f"{header}\r\n{row}\r\n")) == [(2, "ann")]


def test_the_first_of_the_names_wins() -> None:
    """Where several columns could be the recipient's, it is the one that comes first in the list of names."""
    assert told(read("id,user_id,to\n1,2,3")) == [(2, "3")]
    assert told(read("id,group_id,account\n1,2,3", group=True)) == [(2, "2")]


def test_a_column_of_another_name_is_named() -> None:
    """--column is the name as it stands in the header, or as a key."""
    assert told(read("to,whom\na,b", column="whom")) == [(2, "b")]
    assert told(read('{"to": "a", "whom": "b"}', name="r.jsonl", column="whom")) == [(1, "b")]


def test_a_plain_list_is_a_file_of_one_column_without_a_header() -> None:
    """Every line of it is a recipient, the first too; blank lines are none."""
    assert told(read("ann\n\n bo \n", name="list")) == [(1, "ann"), (3, "bo")]
    assert told(read("ann\nbo,x\n")) == [(1, "ann"), (2, "it has 2 columns, and a plain list 1")]


def test_a_file_of_one_column_may_have_a_header() -> None:
    """One of the usual names in the first line is a header, and no recipient."""
    assert told(read("\n\nAccount\nann")) == [(4, "ann")]


@pytest.mark.parametrize(
    ("name", "form"), [("r.jsonl", None), ("R.NDJSON", None), ("r.json", None), ("r", None), ("r.csv", "jsonl")]
)
def test_json_lines_are_objects_or_recipients(name: str, form: Any) -> None:
    """The suffix tells the format, else --format, else the first sign of the file."""
    content = '\n {"user_id": 5, "x": [1]}\n"ann"\n'
    assert told(read(content, name=name, form=form)) == [(2, "5"), (3, "ann")]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    """A file as spreadsheets write it reads like any other."""
    rows = read(b"\xef\xbb\xbfto,name\r\nann,\xe5\xa7\x93\r\n", "name")
    assert rows == [Row(2, "ann", {"name": "姓"})]


def test_values_are_those_that_are_asked_for() -> None:
    """Each field has the text of its column; a number of JSON reads as it is written."""
    assert read("to,a,b\nx,1,2", "b") == [Row(2, "x", {"b": "2"})]
    assert read('{"to": "x", "n": 1.50, "m": 12345678901234567890123}', "n", "m", name="r.jsonl") == [
        Row(1, "x", {"n": "1.50", "m": "12345678901234567890123"})
    ]


def test_a_quoted_cell_may_hold_lines_and_the_count_goes_on() -> None:
    """A row is known by the line where it begins."""
    assert read('to,a\nx,"1\n2"\ny,3', "a") == [Row(2, "x", {"a": "1\n2"}), Row(4, "y", {"a": "3"})]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("ann", "it has 1 columns, and the header 2"),
        ("ann,b,c", "it has 3 columns, and the header 2"),
        (",b", "there is no recipient"),
        ("ann,", "there is no value for 'name'"),
        (f"{'x' * 33},b", "the recipient has to be 1 to 32 bytes long"),
        ('"a\x07",b', "the recipient holds a control character: 'a\\x07'"),
        ('"ann"x,b', "its quotes do not fit"),
        (b"\xff,b", "it is not written in UTF-8"),
    ],
)
def test_a_bad_row_of_csv_is_told_with_its_line(row: str | bytes, complaint: str) -> None:
    """What cannot be sent is told, and the rows around it are read."""
    bad = row.encode() if isinstance(row, str) else row
    first, second, third = read(b"to,name\nann,x\n" + bad + b"\nbo,y\n", "name")
    assert isinstance(second, BadRow)
    assert (second.line, second.reason.startswith(complaint)) == (3, True), second
    assert [(row.line, row.to) for row in (first, third) if isinstance(row, Row)] == [(2, "ann"), (4, "bo")]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("{", "it is no JSON: "),
        ("[" * 100_000, "it is nested too deeply"),
        ("[1]", "each line has to hold one JSON object"),
        ('{"name": "x"}', "there is no recipient"),
        ('{"to": null, "name": "x"}', "there is no recipient"),
        ('{"to": "ann"}', "there is no value for 'name'"),
        ('"ann"', "there is no value for 'name'"),
        ('{"to": "ann", "name": {"a": 1}}', '\'name\' has to be text or a number, not {"a": "1"}'),
        ('{"to": "ann", "name": true}', "'name' has to be text or a number, not true"),
        ('{"to": "\\ud800", "name": "x"}', "the recipient holds half of a surrogate pair"),
        (b'"\xff"', "it is not written in UTF-8"),
    ],
)
def test_a_bad_row_of_json_lines_is_told_with_its_line(row: str | bytes, complaint: str) -> None:
    """What cannot be sent is told, and the rows around it are read."""
    bad = row.encode() if isinstance(row, str) else row
    good = b'{"to": "ann", "name": "x"}'
    first, second, third = read(good + b"\n" + bad + b"\n" + good, "name", name="r.jsonl")
    assert isinstance(second, BadRow)
    assert (second.line, second.reason.startswith(complaint)) == (2, True), second
    assert (first, third) == (Row(1, "ann", {"name": "x"}), Row(3, "ann", {"name": "x"}))


def test_an_open_quote_is_told_where_it_begins() -> None:
    """A quote that is never closed is a bad row of the line where it opens, and not of the last."""
    assert told(read('to,a\nx,y\nann,"b\nbo,c\n')) == [(2, "x"), (3, "its quotes do not fit: unexpected end of data")]


@pytest.mark.parametrize(
    ("content", "options", "complaint"),
    [
        (
            "whom,name\n",
            {},
            "r.csv has no column called to, account, user_id or id; name the recipients' with --column: whom, name",
        ),
        ("user_id,name\n", {"group": True}, "no column called to, group, group_id or id"),
        ("to\n", {"column": "whom"}, "r.csv has no column 'whom'; there are: to"),
        ("", {"column": "whom"}, "r.csv has no column 'whom'"),
        ("to,a,a\n", {}, "r.csv has more than one column 'a'"),
        (b"to,\xff\n", {}, "r.csv, line 1: it is not written in UTF-8"),
        ('\nto,"a', {}, "r.csv, line 2: its quotes do not fit"),
    ],
)
def test_a_header_that_cannot_be_meant_is_a_wrong_command_line(
    content: str | bytes, options: dict[str, Any], complaint: str
) -> None:
    """Without the recipients' column nothing is read."""
    with pytest.raises(typer.BadParameter) as wrong:
        read(content, **options)
    assert complaint in str(wrong.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("to,name\n", "--text, line 1, column 4: r.csv has no column 'nmae' (did you mean name?); there are: to, name"),
        ("to,zz\n", "r.csv has no column 'nmae'; there are: to, zz"),
        ("ann\n", "r.csv has no column 'nmae'; it is a plain list"),
    ],
)
def test_a_field_that_no_row_can_fill_is_told_with_its_place(content: str, complaint: str) -> None:
    """A misspelt field is an error of the template, and not of each row."""
    with pytest.raises(typer.BadParameter) as wrong:
        read(content, "nmae")
    assert complaint in str(wrong.value)


def test_an_empty_file_has_no_rows() -> None:
    """Nothing is nobody."""
    assert read("") == read("", name="r.jsonl") == read("", name="r") == []


def test_a_file_is_read_as_often_as_it_is_asked_for(tmp_path: Path) -> None:
    """Also where another reading was left half way."""
    (tmp_path / "r.csv").write_text("to\na\nb\n")
    with ExitStack() as files:
        recipients = Recipients(opened(str(tmp_path / "r.csv"), files), "r.csv")
        assert told(list(islice(recipients.rows({}), 1))) == [(2, "a")]
        assert told(list(recipients.rows({}))) == told(list(recipients.rows({}))) == [(2, "a"), (3, "b")]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A file that is not there, or is none, is a wrong command line."""
    with ExitStack() as files, pytest.raises(typer.BadParameter, match="nowhere: No such file"):
        opened(str(tmp_path / "nowhere"), files)
    with ExitStack() as files, pytest.raises(typer.BadParameter, match="Is a directory"):
        opened(str(tmp_path), files)
