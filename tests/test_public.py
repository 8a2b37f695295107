"""The door we show: what ``import timrest_async`` gives, and what it costs."""

import ast
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import timrest_async

SOURCE = ast.parse(Path(timrest_async.__file__).read_text(encoding="utf-8"))

LAZY = [
    "timrest_async.commands.accounts",
    "timrest_async.commands.group_messages",
    "timrest_async.commands.groups",
    "timrest_async.commands.messages",
    "timrest_async.testing",
    "timrest_async.cli",
    "timrest_async.sandbox",
    "timrest_async.webhook",
    "timrest_async.bulk",
    "timrest_async.redis_limits",
    "typer",
    "rich",
    "redis",
    "taskiq",
    "opentelemetry",
    "yaml",
    "hypothesis",
    "pytest",
]
"""What nobody pays for who only imports the library."""


def imported_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after *statement*."""
    code = f"{statement}; import json, sys; print(json.dumps(list(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603  # our own words
    return set(json.loads(run.stdout))


def test_the_list_of_public_names_is_sorted() -> None:
    """``__all__`` is in order and names nothing twice."""
    assert list(timrest_async.__all__) == sorted(set(timrest_async.__all__))


def test_the_list_of_public_names_is_what_is_imported() -> None:
    """Every name that the package imports is public, and every public name is there."""
    imported = {
        alias.asname or alias.name for node in SOURCE.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }

    assert set(timrest_async.__all__) == imported
    assert all(hasattr(timrest_async, name) for name in timrest_async.__all__)


def test_the_package_holds_no_logic() -> None:
    """The package's own module consists of a docstring, imports and ``__all__``."""
    first, *rest = SOURCE.body

    assert isinstance(first, ast.Expr)
    assert {type(node) for node in rest} == {ast.ImportFrom, ast.Assign}
    assert sum(isinstance(node, ast.Assign) for node in rest) == 1


def test_every_public_name_explains_itself() -> None:
    """Every public class has a docstring of its own."""
    for name in timrest_async.__all__:
        value = getattr(timrest_async, name)
        assert value.__doc__, name
        assert not value.__doc__.startswith(f"{name}("), name


def test_every_error_is_public() -> None:
    """Whatever the library raises can be caught by a name of the package."""
    errors = {name for name in timrest_async.errors.__all__ if name.endswith("Error")}

    assert errors <= set(timrest_async.__all__)


def test_importing_us_loads_no_domain_and_no_extra() -> None:
    """A domain is loaded when it is first used, and an extra never by itself."""
    assert imported_by("import timrest_async") & set(LAZY) == set()


def test_importing_us_loads_little_more_than_our_dependencies() -> None:
    """Beside its own modules and Python's, the package loads only what its dependencies load themselves."""
    dependencies = imported_by("import aiohttp, aiolimiter, attrs, cattrs.gen, orjson, tenacity")
    more = {name.partition(".")[0] for name in imported_by("import timrest_async") - dependencies}

    assert more - sys.stdlib_module_names == {"timrest_async"}


@pytest.mark.parametrize("domain", ["accounts", "group_messages", "groups", "messages"])
def test_a_domain_loads_no_other(domain: str) -> None:
    """Loading one domain leaves the others alone."""
    domains = {name for name in LAZY if name.startswith("timrest_async.commands.")}
    loaded = imported_by(f"import timrest_async.commands.{domain}") & domains

    assert loaded == {f"timrest_async.commands.{domain}"}


def test_the_types_ship() -> None:
    """The package says that it is typed."""
    assert files("timrest_async").joinpath("py.typed").is_file()
