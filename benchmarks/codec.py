"""What it costs to write each command and to read its answer, beside pydantic, msgspec and bare orjson.

Every command is made, written and read as in its sample. Three of them are written and read by rivals, too, whose
bodies and values have to be the same as ours. All steps take turns in short rounds, each round in another order; what
counts is the ratio within a round. Only this process's CPU time is counted, and the garbage collector runs as it does
in production.
"""

from __future__ import annotations

import json
import random
import sys
from functools import partial
from itertools import repeat
from pathlib import Path
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import attrs
import orjson
from attrs import frozen

from benchmarks._codec_rivals import CASES, OURS, PYDANTIC, Case
from benchmarks._report import Claim, Spread, arguments, environment, finish, print_table
from benchmarks._server import ROOT
from timrest_async._codec import decode, encode, read
from timrest_async.commands._command import Command
from timrest_async.commands._registry import CommandEntry, commands

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    Step: TypeAlias = Callable[[], object]

SAMPLES: Final = ROOT / "tests" / "samples"
SEED: Final = 1
SLOWEST: Final = 10

BUILD: Final = "build"
ENCODE: Final = "encode"
DECODE: Final = "decode"
STEPS: Final = (BUILD, ENCODE, DECODE)

WRITE: Final = "build + encode"
COMPARED: Final = (WRITE, DECODE)

PAGE_BOUND: Final = 4.0
SMALL_BOUND: Final = 0.6

ENVELOPE: Final = {"ActionStatus", "ErrorCode", "ErrorInfo"}

K = TypeVar("K", bound="Hashable")


@frozen
class Load:
    """How much is measured."""

    rounds: int
    """Of all commands."""

    rivals: int
    """Rounds of the rivals."""

    seconds: float
    """CPU time of one step in one round; the rivals get ten times as much."""


@frozen
class Sample:
    """A command with its body and its answer, as in the samples."""

    entry: CommandEntry
    command: Command[Any]
    body: bytes
    answer: bytes

    @classmethod
    def of(cls, entry: CommandEntry) -> Sample:
        """Read the sample of a command."""
        sent = _sample(entry.path, "request")
        command = read(sent, entry.command)
        return cls(entry, command, encode(command), orjson.dumps(_sample(entry.path, "reply")))

    @property
    def same(self) -> bool:
        """Whether the command goes out as the sample says."""
        return bool(orjson.loads(self.body) == _sample(self.entry.path, "request"))

    @property
    def steps(self) -> dict[str, Step]:
        """What is measured; the objects inside the command are there when it is built."""
        given = {field.alias: getattr(self.command, field.name) for field in attrs.fields(self.entry.command)}
        return {
            BUILD: partial(self.entry.command, **{name: value for name, value in given.items() if value is not None}),
            ENCODE: partial(encode, self.command),
            DECODE: partial(decode, self.command, self.answer),
        }


def _sample(path: str, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((SAMPLES / f"{path.replace('/', '.')}.{kind}.json").read_bytes())
    return found


def _answer(case: Case) -> bytes:
    """Return what the rivals read: the sample, with as many members as the case says."""
    found = _sample(case.path, "reply")
    if case.members is not None:
        numbers = random.Random(SEED)
        found["MemberList"] = [
            found["MemberList"][index % len(found["MemberList"])]
            | {
                "Member_Account": f"lumotuwe{index}",
                "JoinTime": 1_767_225_600 + numbers.randrange(86_400),
                "MsgSeq": numbers.randrange(1_000, 2_000),
                "LastSendMsgTime": 1_767_312_000 + numbers.randrange(86_400),
                "NameCard": f"Member {index}",
            }
            for index in range(case.members)
        ]
    return orjson.dumps(found)


def _present(value: Any) -> Any:
    """Leave out what is ``None`` or an empty list: absent, where one writes it and another does not."""
    if isinstance(value, dict):
        return {key: _present(item) for key, item in value.items() if item is not None and item != []}
    return [_present(item) for item in value] if isinstance(value, list) else value


def _same(case: Case) -> bool:
    """Tell whether all ways send the same body, whatever the order of its keys, and read the same values as ours."""
    answer = _answer(case)
    bodies = [orjson.loads(way.write()) for way in case.ways.values()]
    replies = [_present(way.plain(way.read(answer))) for way in case.ways.values()]
    values = [{key: value for key, value in reply.items() if key not in ENVELOPE} for reply in replies]
    return all(body == bodies[0] for body in bodies) and all(value == values[0] for value in values)


def _cpu(step: Step, calls: int) -> float:
    """Return the CPU time of one call of *step*, in µs."""
    start = process_time()
    for _ in repeat(None, calls):
        step()
    return (process_time() - start) / calls * 1e6


def _measure(groups: Sequence[Mapping[K, Step]], rounds: int, seconds: float) -> dict[K, list[float]]:
    """Return the µs of each step in each round; the steps of a group follow each other, always in another order."""
    steps = {key: step for group in groups for key, step in group.items()}
    for step in steps.values():
        _cpu(step, 10)  # warms up
    calls = {key: max(1, round(seconds * 1e6 / _cpu(step, 10))) for key, step in steps.items()}
    order = random.Random(SEED)
    found: dict[K, list[float]] = {key: [] for key in steps}
    for _ in range(rounds):
        for group in order.sample(groups, len(groups)):
            for key in order.sample([*group], len(group)):
                found[key].append(_cpu(steps[key], calls[key]))
    return found


def _of_commands(samples: Sequence[Sample], load: Load) -> dict[str, dict[str, Spread]]:
    """Return the spread of each step of each command, and of all three together, by the path."""
    groups = [{(sample.entry.path, name): step for name, step in sample.steps.items()} for sample in samples]
    found = _measure(groups, load.rounds, load.seconds)
    return {
        path: {
            **{name: Spread.of(found[path, name]) for name in STEPS},
            "all": Spread.of(map(sum, zip(*(found[path, name] for name in STEPS), strict=True))),
        }
        for path in (sample.entry.path for sample in samples)
    }


def _print_commands(samples: Sequence[Sample], found: Mapping[str, Mapping[str, Spread]], *, whole: bool) -> None:
    """Print all commands, or their domains and the slowest."""
    slowest = sorted(samples, key=lambda sample: -found[sample.entry.path]["all"].median)
    if not whole:
        domains: dict[str, list[Mapping[str, Spread]]] = {}
        for sample in samples:
            domains.setdefault(sample.entry.domain, []).append(found[sample.entry.path])
        domains["all of them"] = list(found.values())
        print_table(
            "medians of the commands of each domain, µs",
            ("domain", "commands", *STEPS, "all three", "fastest..slowest"),
            [
                (
                    name,
                    str(len(group)),
                    *(f"{median(one[step].median for one in group):.2f}" for step in STEPS),
                    *_ends(group),
                )
                for name, group in domains.items()
            ],
        )
    shown = slowest if whole else slowest[:SLOWEST]
    print_table(
        f"{'all commands' if whole else f'the {len(shown)} slowest'}, µs",
        ("command", "sent B", BUILD, ENCODE, "answer B", DECODE, "all three", "quartiles", "min..max"),
        [
            (
                sample.entry.path,
                str(len(sample.body)),
                *(f"{found[sample.entry.path][step].median:.2f}" for step in (BUILD, ENCODE)),
                str(len(sample.answer)),
                f"{found[sample.entry.path][DECODE].median:.2f}",
                *found[sample.entry.path]["all"].show(2),
            )
            for sample in shown
        ],
    )


def _ends(group: Sequence[Mapping[str, Spread]]) -> tuple[str, str]:
    together = [one["all"].median for one in group]
    return f"{median(together):.2f}", f"{min(together):.2f}..{max(together):.2f}"


def _of_rivals(load: Load) -> dict[str, dict[str, dict[str, dict[str, Spread]]]]:
    """Return for each case and step the µs of each way, and how many times as long ours takes."""
    groups: list[dict[tuple[str, str, str], Step]] = []
    for case in CASES:
        answer = _answer(case)
        groups.append({(case.path, WRITE, name): way.write for name, way in case.ways.items()})
        groups.append({(case.path, DECODE, name): partial(way.read, answer) for name, way in case.ways.items()})
    found = _measure(groups, load.rivals, 10 * load.seconds)
    return {
        case.path: {
            step: {
                name: {
                    "us": Spread.of(found[case.path, step, name]),
                    "ours_to_it": Spread.of(
                        ours / its
                        for ours, its in zip(found[case.path, step, OURS], found[case.path, step, name], strict=True)
                    ),
                }
                for name in case.ways
            }
            for step in COMPARED
        }
        for case in CASES
    }


def _print_rivals(found: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Spread]]]], rounds: int) -> None:
    for case in CASES:
        for step in COMPARED:
            size = len(case.ways[OURS].write()) if step == WRITE else len(_answer(case))
            print_table(
                f"{case.name}: {step} {case.path}, {size:,} bytes, {rounds} rounds",
                ("way", "µs", "quartiles", "min..max", "ours is x it", "quartiles", "min..max"),
                [(name, *it["us"].show(2), *it["ours_to_it"].show(2)) for name, it in found[case.path][step].items()],
            )


def main() -> int:
    """Compare, measure, print, and judge."""
    parser = arguments(__doc__)
    parser.add_argument("--all", action="store_true", help="print every command, and not only the slowest")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    options = parser.parse_args()
    load = Load(3, 4, 0.000_05) if options.short else Load(25, 60, 0.000_8)

    samples = [Sample.of(entry) for entry in commands()]
    claims = [
        Claim(f"[sanity] {len(samples)} commands go out as in their samples", all(sample.same for sample in samples)),
        *(
            Claim(f"[sanity] {case.name}: all ways send the same body and read the same values", _same(case))
            for case in CASES
        ),
    ]
    if not all(claim.holds for claim in claims):
        return finish("codec", options, {}, claims)

    by_command = _of_commands(samples, load)
    by_rival = _of_rivals(load)
    _print_commands(samples, by_command, whole=options.all)
    _print_rivals(by_rival, load.rivals)
    figures = {"commands_us": by_command, "by_rival": by_rival}
    if not options.short:
        claims += _claims(by_rival)
    if options.json:
        whole = {"benchmark": "codec", "options": vars(options), **environment(), "figures": figures, "claims": claims}
        Path(options.json).write_text(json.dumps(whole, indent=2, default=attrs.asdict) + "\n", encoding="utf-8")
    return finish("codec", options, figures, claims)


def _claims(found: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Spread]]]]) -> list[Claim]:
    small, _, page = (found[case.path][DECODE][PYDANTIC]["ours_to_it"].median for case in CASES)
    return [
        Claim(f"an answer that says OK is read in at most {SMALL_BOUND} x pydantic: {small:.2f}", small <= SMALL_BOUND),
        Claim(f"a page of 100 members is read in at most {PAGE_BOUND} x pydantic: {page:.2f}", page <= PAGE_BOUND),
    ]


if __name__ == "__main__":
    sys.exit(main())
