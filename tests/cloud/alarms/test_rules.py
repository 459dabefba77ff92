"""The rules of alarms asked of a real log: each that ships, windows through restarts, storms, rules that change."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from benchmarks.telling import Teller
from cloud.alarms.rule_trial import try_rules
from cloud.alarms.rules import RuleWorker, percent
from cloud.db.pool import transaction
from cloud.errors import NotFoundError
from custody.alarm_rules import MOST_LIVING, rules_of
from custody.pack_reader import parse_rule_pack
from custody.roles import Role
from custody.rule_pack import RulePack
from tests.cloud.api import Office
from tests.cloud.conftest import Clock, Database
from tests.cloud.evidence.test_slots import furnished
from tests.cloud.people.derived import holds
from tests.cloud.receiving import PACK, Receiving

AGENT = "nj01.room"
DOOR: dict[str, Any] = {
    "name": {"zh": "门", "en": "Door"}, "severity": "major", "when": "event", "sees": {"kind": "door_opened"},
    "by": ["agent", "device"],
}  # fmt: skip


def pack_with(**rules: Any) -> RulePack:
    """The pack that ships, with no other rules of alarms than these."""
    return parse_rule_pack({**PACK.content, "alarm_rules": rules})


@dataclass
class Ruled:
    """An agent that tells, and a worker that asks the rules."""

    office: Office
    clock: Clock
    url: str
    pack: RulePack = PACK
    restarts: bool = False
    away: bool = False
    teller: Teller = field(default_factory=lambda: Teller(AGENT))
    sent: int = 0
    worker: RuleWorker = field(init=False)

    def __post_init__(self) -> None:
        self.receiving = Receiving(self.office.parts.pool, self.office.parts.world, "nj01")
        self.start()

    def start(self, pack: RulePack | None = None) -> None:
        """A worker of its own, as after a restart."""
        self.pack = pack or self.pack
        self.worker = RuleWorker(self.office.parts.pool, self.url, self.office.parts.world, self.pack)

    async def tell(self, kind: str, after_s: float = 0, device: str = "room.air", **body: Any) -> None:
        """A fact comes so long after the one before, and the rules are asked."""
        self.clock.advance(timedelta(seconds=after_s))
        error_ms = body.pop("error_ms", 10)
        self.teller.say(kind, {"station": "room", **body}, device=device, at=self.clock.at, error_ms=error_ms)
        await self.send()
        await self.look()

    async def send(self) -> None:
        told = len(self.teller.facts)
        await self.receiving.take(self.teller, *[self.teller.batch(n, n) for n in range(self.sent + 1, told + 1)])
        self.sent = told

    async def look(self, after_s: float = 0) -> None:
        self.clock.advance(timedelta(seconds=after_s))
        if self.restarts:
            self.start()
        if not self.away:
            await self.worker.look()

    async def measure(self, value: float, after_s: float = 60, measures: str = "temperature") -> None:
        unit = {"temperature": "°C", "humidity": "%"}[measures]
        told: dict[str, Any] = {"measures": measures, "value": value, "unit": unit, "low": value, "high": value}
        await self.tell("reading", after_s, **told)

    async def refuse(self, after_s: float) -> None:
        await self.tell(
            "door_decided", after_s, device="door.cam", sights=[], people=[], outcome="refused", rule="door.leave",
            reason="no_permit", rule_pack=PACK.hash,
        )  # fmt: skip

    async def living(self) -> list[str]:
        """The rules whose alarms live, with their places."""
        return sorted(
            f"{cause.removeprefix('rule.')} {place.removeprefix(f'{AGENT}:')}"
            for cause, place in await self.receiving.alarms() if cause.startswith("rule.")
        )  # fmt: skip

    async def told(self) -> list[tuple[str, str]]:
        """Every raising and clearing by rules, in the log's order."""
        found = await self.office.rows(
            "SELECT kind, content::jsonb ->> 'cause' AS cause FROM record"
            " WHERE kind IN ('alarm_raised', 'alarm_cleared') AND actor = 'rules' ORDER BY index"
        )
        return [(row["kind"].removeprefix("alarm_"), row["cause"].removeprefix("rule.")) for row in found]

    async def remembered(self) -> int:
        return len(await self.office.rows("SELECT FROM rule_watch"))


@pytest.fixture
async def ruled(office: Office, clock: Clock, database: Database) -> Ruled:
    ruled = Ruled(office, clock, database.app)
    await ruled.receiving.know(ruled.teller)
    return ruled


HEARTBEAT: dict[str, Any] = {
    "every_s": 60, "uptime_s": 1, "free_bytes": 1 << 30, "lost": [], "gates": [], "device": "agent"
}  # fmt: skip


async def each_rule_once(ruled: Ruled) -> None:
    """What raises every rule that ships but those of zones, and then ends most of them; nothing else."""
    for _ in range(5):
        await ruled.refuse(60)
    for value in (34.9, 35, 36):
        await ruled.measure(value, 400)
    await ruled.measure(32.9, 400)
    for value in (27, 21, 14.5, 8, 2, 0):
        await ruled.measure(value, 899)
    await ruled.measure(0, 600)
    await ruled.measure(8.5, 899)
    for _ in range(2):
        await ruled.measure(75, 1800, "humidity")
    await ruled.measure(8.5, 1)
    await ruled.look(2700)
    for measures in ("humidity", "temperature"):
        await ruled.measure(20 if measures == "temperature" else 50, 901, measures)
    for _ in range(5):
        await ruled.tell("device_lost", 600, device="room.air", problem="gone")
    for error_ms, waiting in ((10_000, 14_000), (12_000, 15_000), (10, 0)):
        await ruled.tell("heartbeat", 1800, **{**HEARTBEAT, "waiting": waiting, "error_ms": error_ms})
    power: dict[str, Any] = {"sensor": "ups", "contact": "power_lost", "device": "room.ups"}
    await ruled.tell("contact_changed", 60, **power, active=True)
    await ruled.tell("door_opened", 600, device="door.leaf", decision=None, how="found", picture=None)
    await ruled.tell("contact_changed", 60, **power, active=False)
    for state, trouble, after_s in (
        ("paper_out", "idle", 1), ("ready", "none", 599),  # changed in time
        ("paused", "idle", 1), ("unreachable", "idle", 600), ("ready", "none", 1),
        ("paper_out", "idle", 1), ("paper_out", "job", 1), ("head_open", "job", 601), ("ready", "none", 1),
        ("unreachable", "away", 1),  # switched off
    ):  # fmt: skip
        told = {"printer": "labels", "state": state, "before": None, "trouble": trouble}
        await ruled.tell("printer_changed", after_s, device="labels", **told)
    await ruled.look(601)


TOLD = [
    "+repeated_refusals", "+climate_hot", "-climate_hot", "+climate_freezing", "-climate_freezing", "+climate_jump",
    "+sensor_silent", "+climate_damp", "-climate_jump", "-sensor_silent", "+sensor_silent", "+sensor_silent",
    "-climate_damp", "-sensor_silent", "-sensor_silent", "+sensor_silent", "+sensor_silent", "+device_unsteady",
    "+facts_waiting", "+clock_drift", "-clock_drift", "-facts_waiting", "+power_cut_and_door",
    "-device_unsteady", "+printer_trouble", "-printer_trouble", "+printer_stops_job", "-printer_stops_job",
]  # fmt: skip
"""What is raised and what is over; two values of the room fall silent, each by itself."""
RAISED = {told[1:] for told in TOLD}


@pytest.mark.parametrize("restarts", [False, True], ids=["through", "a restart after every fact"])
async def test_every_rule_that_ships_is_raised_and_nothing_else_and_a_restart_changes_nothing(
    ruled: Ruled, *, restarts: bool
) -> None:
    ruled.restarts = restarts
    await each_rule_once(ruled)
    assert [("+" if what == "raised" else "-") + cause for what, cause in await ruled.told()] == TOLD
    assert RAISED | {"zone_filling", "zone_full"} == set(rules_of(PACK).all)
    await holds(ruled.office)


async def test_the_log_read_all_at_once_afterwards_says_the_same(ruled: Ruled) -> None:
    """A worker that was away meanwhile: no alarm of a window is missing, and none is there twice."""
    ruled.away = True
    await each_rule_once(ruled)
    await ruled.receiving.check()
    ruled.away = False
    await ruled.look()
    raised = [cause for what, cause in await ruled.told() if what == "raised"]
    assert sorted(raised) == sorted(
        RAISED - {"sensor_silent", "printer_trouble"}
    )  # by one checkpoint: all came at one time


async def test_two_workers_raise_nothing_twice(ruled: Ruled) -> None:
    second = RuleWorker(ruled.office.parts.pool, ruled.url, ruled.office.parts.world, PACK)
    for value in (34, 36, 36, 36):
        await ruled.measure(value, 300)
        await second.look()
    assert await ruled.told() == [("raised", "climate_hot")]
    await second.look()
    await ruled.measure(20, 1000)
    assert [what for what, cause in await ruled.told() if cause == "climate_hot"] == ["raised", "cleared"]


async def test_an_alarm_says_what_it_saw_and_by_which_rule(ruled: Ruled) -> None:
    for value in (34, 36, 37):
        await ruled.measure(value, 600)
    (row,) = await ruled.office.rows("SELECT detail, severity FROM alarm WHERE cause = 'rule.climate_hot'")
    seen = row["detail"]["seen"]
    assert (row["severity"], row["detail"]["rule"], row["detail"]["name"]["zh"]) == (
        "warning",
        "climate_hot",
        "库温过高",
    )
    assert seen == {"value": 36}  # by time alone: what was measured last
    for value in (20, 27, 30):
        await ruled.measure(value)
    (row,) = await ruled.office.rows("SELECT detail FROM alarm WHERE cause = 'rule.climate_jump'")
    entry = (await ruled.office.rows("SELECT index FROM fact ORDER BY index DESC LIMIT 1"))[0]["index"]
    seen = {"entry": entry - 4, "value": 20, "agent": AGENT, "device": "room.air", "measures": "temperature"}
    assert row["detail"]["seen"] == seen


async def test_what_a_person_ended_is_counted_anew(ruled: Ruled) -> None:
    for _ in range(5):
        await ruled.refuse(1)
    (alarm,) = await ruled.office.rows("SELECT id FROM alarm WHERE cause = 'rule.repeated_refusals'")
    operator = await ruled.office.signed_in(Role.OPERATOR)
    answer = await operator.post(f"alarms/{alarm['id']}/clear", json={"cause_code": "dealt_with", "note": ""})
    assert answer.status_code == 200, answer.text
    await ruled.look()
    for _ in range(4):
        await ruled.refuse(1)
    assert await ruled.living() == []
    await ruled.refuse(1)
    assert await ruled.living() == ["repeated_refusals room"]


async def test_a_storm_is_one_alarm_and_over_when_all_of_it_is(ruled: Ruled) -> None:
    ruled.start(pack_with(door={**DOOR, "until": {"kind": "door_closed"}}))
    for number in range(1000):
        ruled.teller.say("door_opened", {"station": "d", "how": "forced"}, device=f"door.{number}")
    await ruled.send()
    await ruled.look()
    assert await ruled.living() == ["door nj01"]
    (row,) = await ruled.office.rows("SELECT occurrences, detail FROM alarm WHERE cause = 'rule.door'")
    assert (row["occurrences"], row["detail"]["places"]) == (1000, 1000)
    for number in range(999):
        ruled.teller.say("door_closed", {"station": "d", "opened": None, "open_ms": 1}, device=f"door.{number}")
    await ruled.send()
    await ruled.look()
    assert await ruled.living() == ["door nj01"]
    ruled.teller.say("door_closed", {"station": "d", "opened": None, "open_ms": 1}, device="door.999")
    await ruled.send()
    await ruled.look()
    assert await ruled.living() == []
    assert await ruled.remembered() == 0


async def test_a_rule_that_fires_on_everything_fills_no_list(ruled: Ruled) -> None:
    ruled.start(pack_with(door=DOOR))
    for number in range(MOST_LIVING):
        await ruled.tell("door_opened", 1, device=f"door.{number}", how="forced")
    assert len(await ruled.living()) == MOST_LIVING
    for number in range(MOST_LIVING, MOST_LIVING + 20):
        await ruled.tell("door_opened", 1, device=f"door.{number}", how="forced")
    living = await ruled.living()
    assert len(living) == MOST_LIVING + 1
    assert "door nj01" in living


async def test_an_alarm_of_its_own_that_is_told_with_others_later_ends_with_them(ruled: Ruled) -> None:
    ruled.start(pack_with(door={**DOOR, "until": {"kind": "door_closed"}}))
    for number in (*range(MOST_LIVING + 1), 0):  # the first one opens again when there are too many
        await ruled.tell("door_opened", 1, device=f"door.{number}", how="forced")
    assert "door nj01" in await ruled.living()
    assert "door door.0" not in await ruled.living()
    for number in range(MOST_LIVING + 1):
        await ruled.tell("door_closed", 1, device=f"door.{number}", opened=None, open_ms=1)
    assert await ruled.living() == []


async def test_rules_that_change_while_alarms_live_end_what_they_still_know_of(ruled: Ruled) -> None:
    hot = {
        "name": {"zh": "热", "en": "Hot"}, "severity": "warning", "when": "threshold", "field": "value",
        "sees": {"kind": "reading", "measures": "temperature"}, "at_least": 30, "by": ["device"],
    }  # fmt: skip
    ruled.start(pack_with(hot=hot, warm={**hot, "at_least": 25}))
    await ruled.measure(31)
    assert await ruled.living() == ["hot room.air", "warm room.air"]
    ruled.start(pack_with(hot={**hot, "at_least": 40}))
    await ruled.measure(39)
    assert await ruled.living() == ["warm room.air"]  # nothing looks after it any more: a person ends it
    await ruled.measure(41)
    assert await ruled.living() == ["hot room.air", "warm room.air"]


async def test_what_is_not_evidence_of_a_rule_costs_no_alarm_and_no_memory(ruled: Ruled) -> None:
    ruled.start(pack_with(door=DOOR))
    await ruled.measure(99)
    await ruled.tell("heartbeat", **{**HEARTBEAT, "waiting": 0})
    assert (await ruled.living(), await ruled.remembered()) == ([], 0)


async def test_a_place_that_no_database_can_hold_is_cut(ruled: Ruled) -> None:
    ruled.start(pack_with(door={**DOOR, "by": ["how"]}))
    await ruled.tell("door_opened", device="door.leaf", how="<b>\x00" + "x" * 1000)
    (row,) = await ruled.office.rows("SELECT place FROM alarm WHERE cause = 'rule.door'")
    assert row["place"].startswith("<b>\N{REPLACEMENT CHARACTER}x")
    assert len(row["place"]) == 200


async def test_a_pack_is_tried_on_the_past_and_changes_nothing(ruled: Ruled) -> None:
    ruled.away = True
    before = ruled.clock.at
    await each_rule_once(ruled)
    for number in range(MOST_LIVING + 10):
        await ruled.tell("door_opened", 1, device=f"door.{number}", how="forced")
    await ruled.receiving.check()
    after = ruled.clock.at
    ruled.clock.advance(timedelta(hours=1))
    trying = pack_with(**PACK.content["alarm_rules"], door=DOOR)
    async with transaction(ruled.office.parts.pool) as tx:
        trial = await try_rules(tx, "nj01", trying, before - timedelta(days=1), ruled.clock.at)
        late = await try_rules(tx, "nj01", trying, after + timedelta(minutes=1), ruled.clock.at)
        with pytest.raises(NotFoundError):
            await try_rules(tx, "sz09", trying, before, ruled.clock.at)
    # One checkpoint brought all of it: the printer was in trouble for no time at all.
    assert set(trial.raised) == RAISED - {"printer_trouble"} | {"door"}
    assert (len(trial.raised["door"]), trial.raised["door"].total()) == (MOST_LIVING + 11, MOST_LIVING + 11)
    assert (late.entries, late.raised) == (0, {})
    assert (await ruled.told(), await ruled.remembered()) == ([], 0)


@pytest.mark.parametrize(
    ("used", "capacity", "full"),
    [
        (899, 1000, 89.9),
        (9, 10, 90.0),
        (90, 100, 90.0),
        (999, 1000, 99.9),
        (10, 10, 100.0),
        (0, 0, 0.0),
        (27, 30, 90.0),
    ],
)
def test_how_full_a_zone_is_is_exact_at_its_limits(used: int, capacity: int, full: float) -> None:
    assert percent(used, capacity) == full


async def test_a_zone_that_fills_is_yellow_then_red_and_green_again(
    office: Office, clock: Clock, database: Database
) -> None:
    """W7. One package: one slot of one place is 100 %, of ten places with nine taken by others 90."""
    store, slots = await furnished(office)
    ruled = Ruled(office, clock, database.app)
    zone = (await office.rows("SELECT zone FROM slot WHERE id = %s", slots["A-1"]))[0]["zone"]
    await office.as_owner("DELETE FROM slot WHERE zone = %s AND id <> %s", zone, slots["A-1"])
    await ruled.look()
    assert await ruled.living() == []
    await store.crew.do("place", store.package, by=(Role.KEEPER,), slot=slots["A-1"])
    await ruled.look()
    assert await ruled.living() == [f"zone_filling {zone}", f"zone_full {zone}"]
    await office.as_owner("UPDATE slot SET capacity = 2 WHERE id = %s", slots["A-1"])
    await store.crew.do("weigh", store.package, by=(Role.KEEPER,), weight_g=12_000)
    await ruled.look()
    assert await ruled.living() == []
