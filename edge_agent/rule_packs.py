"""The rule packs of this agent: the one it was set up with, and those that the cloud sent since (N5).

Cases stay on the pack they were opened under, so several live side by side: a task is decided by its own, and what no
task names by the one in force here now. As with permits, a pack comes in together with a fact.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from custody.errors import RulePackError
from custody.pack_reader import parse_rule_pack
from custody.rule_pack import RulePack
from edge_agent.clock import Clock
from edge_agent.permits import Change
from edge_agent.store import Effect, Reads
from proof.canonical import canonical


class PackBook:
    """The packs of one agent, set up with `founding`. Reading takes no lock: what is kept is replaced, not changed."""

    def __init__(self, reads: Reads, founding: RulePack, clock: Clock) -> None:
        self._founding, self._clock = founding, clock
        self._packs: Mapping[str, RulePack] = {founding.hash: founding}
        self._adopted: Mapping[int, RulePack] = {}
        for content, adopted in reads.rows("rule_packs"):
            try:
                self._keep(parse_rule_pack(json.loads(content)), adopted)
            except RulePackError:  # this software reads it no longer; the cloud hears which packs are here
                continue

    @property
    def hashes(self) -> list[str]:
        """Of all packs that are here."""
        return sorted(self._packs)

    def named(self, name: str) -> RulePack | None:
        """The pack of that hash."""
        return self._packs.get(name)

    def in_force(self, at: datetime) -> RulePack:
        """The pack that is in force here at `at`: as the cloud finds it, by its start and then by its adoption."""
        begun = [
            (pack.effective_from, adopted, pack)
            for adopted, pack in self._adopted.items()
            if pack.effective_from is not None and pack.effective_from <= at
        ]
        return max(begun, key=lambda one: one[:2])[2] if begun else self._founding

    @property
    def now(self) -> RulePack:
        """The pack that is in force here now."""
        return self.in_force(self._clock.read().at)

    def presence_us(self) -> int:
        """How long somebody counts as present after a pass was shown, by the pack in force."""
        return self.now.presence // timedelta(microseconds=1)

    def add(self, name: str, content: Mapping[str, Any], adopted: int | None) -> Change | str:
        """Takes the pack `content`, whose hash has to be `name`, or says why not.

        `adopted` is the entry that put it in force at this site; None where only some cases are under it.
        """
        try:
            pack = parse_rule_pack(dict(content))
        except RulePackError as error:
            return f"these rules cannot be read: {error.faults[0]}"
        if pack.hash != name:
            return f"these are the rules {pack.hash[:16]}…, not {name[:16]}…"
        values = {"hash": pack.hash, "content": canonical(dict(content)).decode(), "adopted": adopted}
        return Change((Effect("add_rule_pack", values),), lambda: self._keep(pack, adopted))

    def _keep(self, pack: RulePack, adopted: int | None) -> None:
        self._packs = {**self._packs, pack.hash: pack}
        if adopted is not None:
            self._adopted = {**self._adopted, adopted: pack}
