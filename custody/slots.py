"""Which slots a thing may lie in, and which of them is suggested first. Pure; the numbers come from the rule pack."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from custody.rule_pack import RulePack


@dataclass(frozen=True, slots=True)
class Slot:
    """A place on a rack; `near` is how many steps from the door it is, `free` how many more things it takes."""

    id: str
    zone_class: str
    size: str
    free: int
    near: int


def unsuitable(pack: RulePack, slot: Slot, goods: Iterable[str], size: str | None) -> str | None:
    """Why things of these classes and this size may not lie in `slot`: class, size or full; None when they may."""
    told, sizes = pack.section("goods"), list(pack.section("slots").get("sizes", ()))
    if any(slot.zone_class not in told.get(each, {}).get("zones", ()) for each in goods):
        return "class"
    if size in sizes and slot.size in sizes and sizes.index(slot.size) < sizes.index(size):
        return "size"
    return "full" if slot.free < 1 else None


def suggest(
    pack: RulePack, slots: Sequence[Slot], goods: Iterable[str], size: str | None, *, often: bool = False
) -> list[Slot]:
    """The suitable slots, best first: the smallest that fits; among those near the door what is fetched `often`, far
    from it what is not.
    """
    sizes, wanted = list(pack.section("slots").get("sizes", ())), list(goods)
    rank = {size: number for number, size in enumerate(sizes)}
    fit = [slot for slot in slots if unsuitable(pack, slot, wanted, size) is None]
    return sorted(fit, key=lambda s: (rank.get(s.size, 0), s.near if often else -s.near, s.id))
