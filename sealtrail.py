"""The command `sealtrail`. Each part is loaded only when it is asked for: an agent on a Pi never loads the cloud."""

import sys
from importlib import import_module

PARTS = {
    "demo": ("simulators.cli", "A whole warehouse day on this machine: the main job from end to end"),
    "edge": ("edge_agent.cli", "The agent at the gates: run it, try its camera on photographs, make its key"),
    "cloud": ("cloud.cli", "The cloud's processes and its upkeep: migrate, uplink, downlink, web, people"),
    "witness": ("witness.cli", "A witness of other people's logs: make its key, run it, see what it saw"),
    "bundle": ("cloud.bundle_cli", "Court bundles: export what proves itself, in one file"),
    "ledger": ("cloud.ledger_cli", "Whether a site's records hold, row by row, and whether they are complete"),
    "rules": ("cloud.rules_cli", "Rule packs: check one, show its steps, draw its states"),
    "release": ("cloud.release_cli", "Releases of the program: make one, look at one"),
    "verify": ("verify", "Check a bundle, a proof or a checkpoint, offline"),
    "sim": ("simulators.cli", "Parts of the simulated warehouse by themselves"),
}
"""Part → the module whose typer `app` it is, and what it does. `demo` is a command of its module."""


def main() -> None:
    """Hands over to the part that is named first; without one, says which there are (exit 2 for an unknown one)."""
    asked = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if asked not in PARTS:
        print("usage: sealtrail PART …\n\n" + "\n".join(f"  {name:9}{what}" for name, (_, what) in PARTS.items()))
        sys.exit(0 if asked in ("-h", "--help") else 2)
    if asked == "verify":
        sys.exit(import_module("verify").main(sys.argv[2:]))
    if asked == "demo":
        name, arguments = "sealtrail", sys.argv[1:]
    else:
        name, arguments = f"sealtrail {asked}", sys.argv[2:]
    import_module(PARTS[asked][0]).app(args=arguments, prog_name=name)


if __name__ == "__main__":
    main()
