"""The reference documentation in docs/reference."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from docs.build import REFERENCE, build, main, outdated
from timrest_async._wire import wire_fields
from timrest_async.commands._registry import CommandEntry, commands, domains
from timrest_async.webhook import EVENTS, Event, Gate, Origin, Verdict

ROOT = Path(__file__).parents[2]
PAGES = {page.name: page.read_text(encoding="utf-8") for page in sorted(REFERENCE.glob("*.md"))}
INDEX = "README.md"
WEBHOOKS = "webhooks.md"


def prose(page: str) -> str:
    """What a page says beside its examples, in the place of which a mark stands."""
    return re.sub(r"^```.*?^```$", "```", page, flags=re.DOTALL | re.MULTILINE)


def anchors(page: str) -> list[str]:
    """What GitHub lets one jump to: headings in small letters, without marks, with hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def section(heading: str) -> str:
    """What the page of the webhooks says below a *heading*, which stands there once."""
    (found,) = re.findall(rf"^### {heading}$(.*?)(?=^##|\Z)", PAGES[WEBHOOKS], re.DOTALL | re.MULTILINE)
    return str(found)


def test_the_pages_are_current(tmp_path: Path) -> None:
    """They are what ``python -m docs.build`` writes."""
    build(tmp_path)
    made = {page.name: page.read_text(encoding="utf-8") for page in tmp_path.iterdir()}
    assert sorted(name for name in made.keys() | PAGES.keys() if made.get(name) != PAGES.get(name)) == []


def test_there_is_a_page_for_each_domain() -> None:
    """Beside them stand the index, what messages are made of and the webhooks, and nothing else."""
    assert PAGES.keys() == {INDEX, "elements.md", WEBHOOKS, *(f"{name}.md" for name in domains())}


def test_the_build_is_the_same_twice(tmp_path: Path) -> None:
    """Byte for byte, also in another process, where strings have other hashes and sets another order."""
    once, again = tmp_path / "once", tmp_path / "again"
    build(once)
    words = [sys.executable, "-m", "docs.build", str(again)]
    subprocess.run(words, cwd=ROOT, check=True)  # noqa: S603  # our own program
    assert {page.name: page.read_bytes() for page in once.iterdir()} == {
        page.name: page.read_bytes() for page in again.iterdir()
    }


def test_an_old_page_is_named(tmp_path: Path) -> None:
    """One that differs, one that is missing, and one that is no more. Building again puts all of them right."""
    build(tmp_path)
    assert outdated(tmp_path) == []
    (tmp_path / "groups.md").rename(tmp_path / "zebras.md")
    (tmp_path / "groups.md").write_text("old", encoding="utf-8")
    (tmp_path / "robots.md").unlink()
    assert outdated(tmp_path) == ["groups.md", "robots.md", "zebras.md"]
    build(tmp_path)
    assert outdated(tmp_path) == []
    assert not (tmp_path / "zebras.md").exists()


def test_what_somebody_put_beside_the_pages_stays(tmp_path: Path) -> None:
    """It is no page of ours, and neither old nor removed."""
    notes = tmp_path / "notes.md"
    notes.write_text("mine", encoding="utf-8")
    build(tmp_path)
    assert outdated(tmp_path) == []
    assert notes.read_text(encoding="utf-8") == "mine"


def test_the_check_fails_where_a_page_is_old(tmp_path: Path) -> None:
    """It names the page, and leaves it as it is."""
    main([str(tmp_path)])
    main(["--check", str(tmp_path)])
    page = tmp_path / "groups.md"
    page.write_text("old", encoding="utf-8")
    with pytest.raises(SystemExit, match=r": groups\.md$"):
        main(["--check", str(tmp_path)])
    assert page.read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize("entry", commands(), ids=lambda entry: entry.path)
def test_every_command_is_on_one_page(entry: CommandEntry) -> None:
    """That of its domain, once, and once in the index, with its method, its path and what it does."""
    told = f"Path `{entry.path}`, class `{entry.command.__name__}`"
    assert [name for name, page in PAGES.items() for _ in range(page.count(told))] == [f"{entry.domain}.md"]
    assert f"await {entry.call}(" in PAGES[f"{entry.domain}.md"]
    assert all(f"`tim.{entry.domain}.{method}`" in PAGES[f"{entry.domain}.md"] for method in entry.forms.values())
    row = rf"^\| \[{entry.method}\]\({entry.domain}\.md#{entry.method}\) \| `{entry.path}` \| .+\. \|$"
    assert len(re.findall(row, PAGES[INDEX], re.MULTILINE)) == 1


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)
def test_every_event_is_on_the_page_of_the_webhooks(event: type[Event]) -> None:
    """Once, with its callback, its documents, every field and its key, and once in the table of all."""
    told = section(event.__name__)
    assert f"- Callback `{event.callback_command}`" in told
    assert re.findall(r"\[(\d+/\d+)\]\(https:", told) == re.findall(r"\b(?:269|1047)/\d+", event.__doc__ or "")
    rows = [(field.wire, field.name) for field in wire_fields(event)]
    assert re.findall(r"^\| `(\w+)`(?: or `\w+`)* \| `(\w+)` \|", told, re.MULTILINE) == rows
    assert all(f"`{name}`" in told.partition("- `key` is ")[2].partition("\n")[0] for name in event.key_fields)
    row = rf"^\| \[{event.__name__}\]\(#{event.__name__.lower()}\) \| `{event.callback_command}` \|.+\. \|$"
    assert len(re.findall(row, PAGES[WEBHOOKS], re.MULTILINE)) == 1


@pytest.mark.parametrize(
    "gate", [event for event in EVENTS.values() if issubclass(event, Gate)], ids=lambda gate: gate.__name__
)
def test_every_question_says_what_it_can_be_answered_with(gate: type[Gate[Verdict]]) -> None:
    """By its methods, by the class of their verdicts and by its codes; the verdict is there with every field."""
    told, verdict = section(gate.__name__), section(gate.verdict.__name__)
    answer = told.partition("**Answer**")[2]
    methods = {name for name in dir(gate) if not name.startswith("_") and inspect.isfunction(getattr(gate, name))}
    assert set(re.findall(r"^- `event\.(\w+)\(", answer, re.MULTILINE)) == methods
    codes = gate.verdict.codes
    for words in (answer, verdict):
        told_of = [range(int(first), int(last) + 1) for first, last in re.findall(r"your own: (\d+) to (\d+)\.", words)]
        assert told_of == ([codes] if codes else [])
    assert f"[{gate.verdict.__name__}](#{gate.verdict.__name__.lower()})" in answer
    assert f"[{gate.__name__}](#{gate.__name__.lower()})" in verdict
    rows = [(field.wire, field.name) for field in wire_fields(gate.verdict)]
    assert re.findall(r"^\| `(\w+)` \| `(\w+)` \|", verdict, re.MULTILINE) == rows


def test_what_is_only_told_has_no_answer() -> None:
    """No verdict is offered for an event about which the service does not ask."""
    told = [event.__name__ for event in EVENTS.values() if not issubclass(event, Gate)]
    assert [name for name in told if "**Answer**" in section(name)] == []


def test_what_every_event_has_is_told_once() -> None:
    """Its properties and those of its origin stand in one table, and in no event's section."""
    page = PAGES[WEBHOOKS]
    shared = [name for name, value in vars(Event).items() if isinstance(value, property)]
    origin = [*inspect.get_annotations(Origin), "platform"]
    for name in (*shared, "callback_command", "extra", *(f"origin.{name}" for name in origin)):
        assert len(re.findall(rf"^\| `event\.{name}` \| .+\. \|$", page, re.MULTILINE)) == 1
    assert re.findall(r"^- `(?:happened_at|key|origin|extra)`: ", page, re.MULTILINE) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    """To a heading of a page, to a file of the project, or into the manual."""
    for target in re.findall(r"\]\(([^)]+)\)", prose(PAGES[name])):
        if target.startswith("https://"):
            assert re.fullmatch(r"https://(cloud\.tencent|www\.tencentcloud)\.com/document/product/\d+/\d+", target)
            continue
        page, _, anchor = target.partition("#")
        assert (REFERENCE / (page or name)).is_file(), target
        assert not anchor or anchor in anchors(PAGES[page or name]), target


@pytest.mark.parametrize("name", PAGES)
def test_no_two_headings_share_an_anchor(name: str) -> None:
    """A method and a type are told apart, so that a link leads to the one that is meant."""
    assert [anchor for anchor, times in Counter(anchors(PAGES[name])).items() if times > 1] == []


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_are_clean(name: str) -> None:
    """Lines end without spaces, the last as well, and no mark of a docstring is left over."""
    page = (REFERENCE / name).read_bytes().decode()
    assert "\r" not in page
    assert re.findall(r"[ \t]$|\n\n\Z", page, re.MULTILINE) == []
    assert "\n\n\n" not in prose(page)
    assert page.endswith("\n")
    assert re.findall(r"(?<!`)``(?!`)|:\w+:`|\bNOTHING\b|Document\s\d+/", prose(page)) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_row_of_a_table_has_all_its_cells(name: str) -> None:
    """What stands in a cell does not end it."""
    for table in re.findall(r"(?:^\|.*\n)+", PAGES[name], re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table


@pytest.mark.parametrize("name", PAGES)
def test_every_cell_says_something_about_its_field(name: str) -> None:
    """No field goes without words, but for those of the table that explains the others."""
    assert re.findall(r"^\|.*\|\s+\|$", PAGES[name].partition("## How to read")[0], re.MULTILINE) == []
