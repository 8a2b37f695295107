"""What several rings of the tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

SPEC = Path(__file__).parent / "spec"


@pytest.fixture(scope="session")
def protocol() -> Any:
    """The wire conventions of the service, as data."""
    return yaml.safe_load((SPEC / "protocol.yaml").read_text(encoding="utf-8"))
