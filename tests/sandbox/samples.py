"""The manual's samples, and how far an answer looks like one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["SAMPLES", "sample", "samples", "shape"]

SAMPLES = Path(__file__).parents[1] / "samples"


def sample(path: str, kind: str) -> dict[str, Any]:
    """Return the documented request or reply of a command."""
    found: dict[str, Any] = json.loads((SAMPLES / f"{path.replace('/', '.')}.{kind}.json").read_text(encoding="utf-8"))
    return found


def samples(path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the documented request and reply of a command."""
    return sample(path, "request"), sample(path, "reply")


def shape(answer: dict[str, Any], *, but: str) -> dict[str, list[str]]:
    """Return the keys of an answer, each with those of the first object in it, all *but* one."""
    return {name: _keys_of_first(value, but) for name, value in answer.items() if name != but}


def _keys_of_first(value: Any, but: str) -> list[str]:
    first: dict[str, Any] = value[0] if isinstance(value, list) else {}
    return [name for name in first if name != but]
