"""Every step of the default rules taken once, and the whole of it derived again from the log alone."""

from datetime import timedelta

from cloud.db.pool import transaction
from cloud.ledger.check import LedgerCheck, verify_site
from cloud.ledger.derived import Derived
from cloud.ledger.walk import Trust
from cloud.ledger.walk import Walk as Reading
from cloud.media.store import read
from custody.roles import Role
from custody.things import Action
from tests.cloud.api import Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.test_bundles import told_of_its_log
from tests.cloud.evidence.walk import Walk
from tests.cloud.evidence.warehouse import Warehouse, made, warehouse
from tests.cloud.receiving import LOG_KEY, PACK

TWO = (Role.KEEPER, Role.BOOKKEEPER)
SEALERS = (Role.KEEPER, Role.INSPECTOR)
SIDES = (Role.INSPECTOR, Role.KEEPER)
LENDERS = (Role.CASE_HANDLER, Role.APPROVER)
DISPOSERS = (Role.CASE_HANDLER, Role.APPROVER, Role.LEADER)
LEAVERS = (Role.KEEPER, Role.CASE_HANDLER)
DESTROYERS = (Role.KEEPER, Role.BOOKKEEPER, Role.SUPERVISOR)


async def verified(office: Office) -> LedgerCheck:
    """What `sealtrail ledger verify` finds."""
    async with transaction(office.parts.pool) as tx:
        return await verify_site(
            tx, Trust(LOG_KEY.public), Reading("nj01", Derived("nj01")),
            read_still=lambda sha256: read(office.parts.media, sha256), on_progress=lambda *_: None,
            save=lambda _: None,
        )  # fmt: skip


class Life:
    """A warehouse with a gate, in which packages live from the seal to the end."""

    def __init__(self, walk: Walk, store: Warehouse, people: list[str]) -> None:
        self.walk, self.store, self.people, self.seals = walk, store, people, 100
        self.crew = store.crew

    async def item(self, **more: object) -> str:
        """A newly registered one."""
        new = {"case_id": self.store.case, "name": "卷烟", "quantity": 50, "unit": "条", **more}
        return str(made(await self.store.inspector.post("items", json=new))["id"])

    def seal(self) -> str:
        """A number that was not used."""
        self.seals += 1
        return f"F{self.seals}"

    async def pass_gate(self, direction: str, package: str) -> None:
        """With a permit of its own."""
        permit = made(await self.store.keeper.post("permits", json=self.store.permit(direction, things=[package])))
        walking = Warehouse(**{**vars(self.store), "package": package})
        await self.walk.pass_gate(walking, direction, permit["id"], self.people)

    async def stored(self, value_fen: int = 0) -> str:
        """A package that was sealed, handed over, brought in and placed."""
        item, crew = await self.item(value_fen=value_fen), self.crew
        (package,) = (await crew.do("seal", item, by=SEALERS, seal_number=self.seal(), size="s"))["made"]
        await crew.do("handover", package, by=SIDES, differences=["外箱有压痕"])
        made(await self.store.keeper.post("labels", json={"thing_id": package}))
        await self.pass_gate("in", package)
        await crew.do("weigh", package, by=(Role.KEEPER,), weight_g=13000)
        await crew.do("place", package, by=(Role.KEEPER,))
        return str(package)

    async def lend(self, package: str) -> None:
        """Lent, not lent, lent again by three for its value, and back with a broken seal."""
        crew = self.crew
        await crew.do("approve_release", package, by=(*LENDERS, Role.LEADER))
        await crew.do("withdraw_release", package, by=(Role.LEADER,))
        await crew.do("approve_release", package, by=(*LENDERS, Role.LEADER))
        await self.pass_gate("out", package)
        await self.pass_gate("in", package)
        await crew.do("shelve", package, by=TWO, seal_intact=False)
        await crew.do("move", package, by=(Role.KEEPER,), slot=await crew.slot("high_value"))

    async def lose(self, package: str) -> None:
        """Not found, found, and back on its shelf."""
        await self.crew.do("declare_missing", package, by=(Role.KEEPER, Role.LEADER))
        await self.crew.do("found", package, by=TWO)
        await self.crew.do("shelve", package, by=TWO)

    async def take_apart(self, package: str) -> str:
        """Opened and sealed again; then its item split, the parts packed anew, and the old package empty."""
        crew = self.crew
        await crew.do("open", package, by=TWO)
        await crew.do("reseal", package, by=TWO, seal_number=self.seal())
        await crew.do("open", package, by=TWO)
        (inside,) = (await self.store.keeper.get(f"packages/{package}")).json()["items"]
        parts = (await crew.do("split", inside["id"], by=TWO))["made"]
        (first,) = (await crew.do("repack", parts[0], by=TWO, seal_number=self.seal()))["made"]
        await crew.do("repack", parts[1], by=TWO, seal_number=self.seal())
        await crew.do("empty", package, by=TWO)
        made(await self.store.keeper.post("labels", json={"thing_id": first}))
        await crew.do("place", first, by=(Role.KEEPER,))
        return str(first)

    async def correct(self, thing: str, **changes: object) -> None:
        """What its first entry tells was wrong."""
        first = (await self.store.keeper.get(f"history/{thing}")).json()["rows"][0]["index"]
        await self.crew.do("correct", thing, by=(Role.KEEPER, Role.APPROVER), cites=first, changes=changes)

    async def dispose(self, package: str, method: str, by: tuple[Role, ...]) -> None:
        """Approved on two levels, taken out, and gone for good."""
        await self.crew.do("approve_disposal", package, by=DISPOSERS, method=method)
        await self.pass_gate("out", package)
        await self.crew.do(method, package, by=by)


async def test_every_step_of_a_life_is_derived_again_by_ledger_verify(office: Office, clock: Clock) -> None:
    """No step, no hand, no slot, no part, no act is in the tables but by the log (J2, J26)."""
    await told_of_its_log(office)
    walk = Walk(office, clock, LOG_KEY)
    store = await warehouse(office)
    life = Life(walk, store, [await walk._person(store) for _ in range(2)])
    crew = store.crew
    await crew.do("void", await life.item(), by=(Role.INSPECTOR,))
    package = await life.stored(value_fen=6_000_000)
    await life.lend(package)
    await life.lose(package)
    parted = await life.take_apart(package)
    await life.correct(parted, weight_g=5000, size="m")
    await life.correct(await life.item(), name="卷烟（软盒）", quantity=49, unit="盒", goods="other", value_fen=7)
    await crew.do("approve_disposal", parted, by=DISPOSERS, method="auction")
    await crew.do("withdraw_disposal", parted, by=(Role.APPROVER,))
    await life.dispose(parted, "destroy", DESTROYERS)
    for method in ("return_to_owner", "auction", "transfer"):
        await life.dispose(await life.stored(), method, LEAVERS)
    refused = await crew.propose(store.keeper, "handover", parted)
    assert refused.status_code == 409
    asked = await crew.propose(store.inspector, "handover", store.package)
    declined = {"act": asked.json()["act"], "reason": "清点未完"}
    assert (await store.keeper.post("acts/decline", json=declined)).status_code == 201
    await walk.sign()
    found = await verified(office)
    assert found.ok, found
    steps = await office.rows(
        "SELECT DISTINCT r.content::jsonb ->> 'action' AS action FROM record r WHERE kind = 'custody_step'"
    )
    by_people = {step.action.value for step in PACK.steps.values() if not step.by_gate}
    assert {row["action"] for row in steps} == by_people
    assert by_people | {"register", "stock_in", "stock_out"} == set(Action)
    states = {row["state"] for row in await office.rows("SELECT state FROM package UNION SELECT state FROM item")}
    assert {"voided", "split", "emptied", "destroyed", "auctioned", "transferred", "returned_to_owner"} <= states
    alarms = {row["cause"] for row in await office.rows("SELECT cause FROM alarm")}
    assert alarms == {"weight_drift", "seal_broken", "handover_differs", "item_missing"}


async def test_a_hand_that_is_missing_in_the_database_is_found(office: Office, clock: Clock) -> None:
    await told_of_its_log(office)
    walk = Walk(office, clock, LOG_KEY)
    await warehouse(office, handed_over=True)
    clock.advance(timedelta(seconds=1))
    await walk.sign()
    assert (await verified(office)).ok
    await office.as_owner("DELETE FROM thing_hand WHERE action = 'handover'")
    found = await verified(office)
    assert (found.ok, found.fault) == (False, "row_missing")
