"""`python -m benchmarks [name…]`: run all benchmarks, or those named, one after the other."""

import importlib
import sys

NAMES = (
    "custody",
    "alarm_rules",
    "gate",
    "journal",
    "costs",
    "recording",
    "cloud",
    "screen",
    "alarm_screen",
    "consoles",
    "webhooks",
    "find",
    "search",
    "light",
    "bundle",
    "ledger",
    "verify",
    "stock_take",
    "telemetry",
    "analysis",
)
"""The modules beside this one; each has a `run()` that prints its figures beside their limits."""


def main(names: list[str]) -> int:
    """Run what is named; exit code 2 for a name that is none."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"no benchmark called {', '.join(unknown)}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in names or NAMES:
        importlib.import_module(f"benchmarks.{name}").run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
