"""Feed whatever a fuzzer thinks of to everything that reads what others wrote: answers, elements and UserSigs.

Run ``python tests/fuzz.py`` with atheris installed, and stop it when you like; libFuzzer's options come after it, such
as ``-max_total_time=600``. It starts from the samples, keeps what reached new code in a directory of its own for the
next run, and ends at the first exception that is none of ours, with the input that caused it in a file.
"""

from __future__ import annotations

import base64
import inspect
import json
import pickle
import pkgutil
import random
import sys
import tempfile
import zlib
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timrest_async import Element, TimError, Unknown, UserSigError, commands, elements
from timrest_async._codec import decode, encode, read, read_object, write
from timrest_async._wire import Struct, wire_fields
from timrest_async.commands._command import Command, RawCommand
from timrest_async.commands.messages import SendMessage
from timrest_async.usersig import read_usersig, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Target = Callable[[bytes], object]

atheris: Any = import_module("atheris")  # not among our dependencies, and without types

SAMPLES = Path(__file__).parent / "samples"
KEPT = Path(tempfile.gettempdir()) / "timrest-fuzz"
LONGEST = 20_000
"""Bytes of the longest input."""


def classes_of(module: Any, root: type[Any]) -> list[type[Any]]:
    """The classes below *root* that a module defines and that travel."""
    found = [cls for _, cls in inspect.getmembers(module, inspect.isclass) if cls.__module__ == module.__name__]
    return [cls for cls in found if issubclass(cls, root) and hasattr(cls, "__attrs_attrs__")]


def commands_of(samples: Path) -> Iterator[Command[Any]]:
    """One command of each class, as its sample shows it, and a raw one."""
    for module in pkgutil.iter_modules(commands.__path__, f"{commands.__name__}."):
        for cls in classes_of(import_module(module.name), Command):
            if cls is not RawCommand:
                sample = (samples / f"{cls.path.replace('/', '.')}.request.json").read_bytes()
                yield read(read_object(cls.path, sample), cls)
    yield RawCommand("openim/querystate", {})


def decoding(command: Command[Any]) -> Target:
    """Read bytes as the answer to a command; the outcome can be printed and pickled."""

    def target(content: bytes) -> None:
        try:
            outcome: Any = decode(command, content)
        except TimError as error:
            outcome = error
        assert len(str(outcome)) + len(repr(outcome)) >= 0
        assert type(pickle.loads(pickle.dumps(outcome))) is type(outcome)  # noqa: S301  # pickled on this line

    return target


def reading(cls: type[Struct]) -> Target:
    """Read bytes as a class that travels inside a command; what is read can be written."""

    def target(content: bytes) -> None:
        try:
            write(read(read_object("a/b", content), cls))
        except TimError:
            return

    return target


def read_element(content: bytes) -> None:
    """Read bytes as an element; what is read can be sent and is read again as the same."""
    try:
        element = read(read_object("a/b", content), Element)
        body = read_object("a/b", encode(SendMessage("id1", element)))
    except TimError:
        return
    assert read(body["MsgBody"][0], Element) == element


def read_text(content: bytes) -> None:
    """Read bytes as a UserSig."""
    _checked(content.decode("utf-8", "surrogateescape"))


def read_packed(content: bytes) -> None:
    """Read bytes as the document inside a UserSig."""
    _checked(base64.b64encode(zlib.compress(content, 0)).translate(bytes.maketrans(b"+/=", b"*-_")).decode())


def _checked(usersig: str) -> None:
    for check in (read_usersig, partial(verify, sdkappid=1, secret_key="k", identifier="a", now=1.5)):
        with suppress(UserSigError):
            check(usersig)


ASKED = list(commands_of(SAMPLES))
PARTS = [cls for cls in classes_of(elements, Struct) if not issubclass(cls, Element)]
TARGETS: list[Target] = [*map(decoding, ASKED), *map(reading, PARTS), read_element, read_text, read_packed]
"""What the first byte of an input chooses from; the rest is for the chosen one to read."""


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object inside a JSON value, itself included."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects_in(item)


def seeds() -> Iterator[bytes]:
    """Inputs to start from: the samples and every object inside them, for each target."""
    samples = [json.loads(file.read_bytes()) for file in SAMPLES.rglob("*.json")]
    document = {"TLS.identifier": "a", "TLS.sdkappid": 1, "TLS.time": 1, "TLS.expire": 9, "TLS.sig": "x"}
    contents = {json.dumps(found).encode() for found in objects_in([*samples, document])}
    return (bytes([number]) + content for number in range(len(TARGETS)) for content in sorted(contents))


KEYS = sorted(
    {field.wire for command in ASKED if issubclass(command.reply, Struct) for field in wire_fields(command.reply)}
    | {field.wire for cls in classes_of(elements, Struct) for field in wire_fields(cls)}
    | {"ErrorCode", "ErrorInfo", "RequestId", "MsgType", "MsgContent", "TLS.time", "TLS.expire", "TLS.userbuf"}
)
VALUES: list[Any] = [
    *(None, True, 0, 1, -1, 2**64 - 1, -(2**63), 0.5, -0.0, 1e308, "", "0", "20003", "1.5", "nan", "1_0", "9" * 5000),
    *("\0", "信", "👍", "\u202e", "x" * 9000, [], {}, [None], [{}], {"": None}),
    *(cls.msg_type for cls in classes_of(elements, Element) if cls is not Unknown),
]
"""What stands where something else is expected."""


def changed(value: Any, dice: random.Random) -> Any:
    """A JSON value with one thing otherwise, somewhere in it."""
    inside = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    if inside and dice.random() < 0.8:
        key, item = dice.choice(inside)
        copy = value.copy()
        if dice.random() < 0.1:
            del copy[key]
        else:
            copy[key] = changed(item, dice)
        return copy
    if isinstance(value, dict) and dice.random() < 0.7:
        return {**value, dice.choice(KEYS): dice.choice(VALUES)}
    if isinstance(value, list) and dice.random() < 0.7:
        return [*value, dice.choice([*value, *VALUES])]
    if isinstance(value, int | float) and dice.random() < 0.3:
        return value + dice.choice([-1, 0.5, 1])
    return dice.choice([dice.choice(VALUES), str(value), [value], {dice.choice(KEYS): value}])


def mutate(data: bytes, longest: int, seed: int) -> bytes:
    """What libFuzzer tries next: other JSON where there was JSON, mostly, and other bytes otherwise."""
    dice = random.Random(seed)
    if not data or dice.random() < 0.1:
        return bytes(atheris.Mutate(data, longest))
    try:
        value = changed(json.loads(data[1:]), dice)
        content = json.dumps(value, ensure_ascii=dice.random() < 0.5).encode()
    except (ValueError, RecursionError):
        return data[:1] + bytes(atheris.Mutate(data[1:], longest - 1))
    return (data[:1] + content)[:longest]


def fuzz(data: bytes) -> None:
    """Give *data* to the target that its first byte names."""
    if data:
        TARGETS[data[0] % len(TARGETS)](data[1:])


def main() -> None:
    """Start from the samples and what earlier runs kept."""
    KEPT.mkdir(exist_ok=True)
    for number, seed in enumerate(seeds()):
        (KEPT / f"seed-{number}").write_bytes(seed)
    for seed in seeds():
        fuzz(seed)  # what is generated when it is first needed has to be there before it is instrumented
    atheris.instrument_all()
    atheris.Setup(["", f"-max_len={LONGEST}", *sys.argv[1:], str(KEPT)], fuzz, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
