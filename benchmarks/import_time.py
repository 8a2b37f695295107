"""How long an import takes: ours, beside the aiohttp that it needs anyway.

Each import runs in a fresh interpreter, which times it from inside, so starting Python does not count. The
interpreters take turns; a first round that is not counted leaves the bytecode of all of them on disk.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from benchmarks._report import Claim, Spread, arguments, finish, print_table
from benchmarks._server import ROOT

MODULES: Final = ("aiohttp", "timrest_async", "timrest_async.commands.messages")
BOUND: Final = 1.5
TIMED: Final = "from time import perf_counter as now; start = now(); import {}; print(now() - start)"


def _import(module: str) -> float:
    """Return the seconds that importing *module* takes in a fresh interpreter."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", TIMED.format(module)]
    return float(subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout)


def main() -> int:
    """Measure, print, and judge."""
    options = arguments(__doc__).parse_args()
    rounds = [{module: _import(module) for module in MODULES} for _ in range(4 if options.short else 16)][1:]
    seconds = {module: Spread.of(1e3 * found[module] for found in rounds) for module in MODULES}
    ratios = {module: Spread.of(found[module] / found["aiohttp"] for found in rounds) for module in MODULES}
    print_table(
        f"import in a fresh interpreter, {len(rounds)} rounds",
        ("import", "ms", "quartiles", "min..max", "x aiohttp", "quartiles", "min..max"),
        [(module, *seconds[module].show(1), *ratios[module].show(2)) for module in MODULES],
    )
    ratio = ratios["timrest_async"].median
    claims = [
        Claim("[sanity] every import ran", holds=True)
        if options.short
        else Claim(f"import timrest_async takes at most {BOUND} x import aiohttp: {ratio:.2f}", ratio <= BOUND)
    ]
    return finish("import_time", options, {"milliseconds": seconds, "ratio_to_aiohttp": ratios}, claims)


if __name__ == "__main__":
    sys.exit(main())
