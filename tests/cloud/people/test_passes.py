"""A pass on a phone, as the gate reads it."""

from datetime import datetime, timedelta

from cloud.people.access import COOKIE, HEADER
from custody.passage import Genuineness
from custody.roles import Role
from custody.things import Kind, Moment
from tests.cloud.api import LABEL_KEY, Office, problem
from tests.cloud.conftest import Clock
from wire.labels import read_label, see


async def test_a_pass_is_mine_genuine_and_short(office: Office, clock: Clock) -> None:
    person = await office.person(Role.KEEPER)
    client = await office.visitor()
    client.cookies.set(COOKIE, await office.cookie(person))
    client.headers[HEADER] = "1"
    answer = await client.post("passes")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    expires_at = datetime.fromisoformat(made["expires_at"])
    assert expires_at == clock.at + timedelta(seconds=60)
    label = read_label(made["text"], [LABEL_KEY.public])
    assert (label.kind, label.id, label.issue, label.expires_at) == (Kind.PERSON, person.id, 1, expires_at)
    for passed, genuineness in ((59, Genuineness.GENUINE), (61, Genuineness.STALE)):
        now = Moment(clock.at + timedelta(seconds=passed), timedelta(milliseconds=10))
        assert see(made["text"], "nj01", [LABEL_KEY.public], now=now).genuineness is genuineness


async def test_a_new_pass_lasts_longer_than_the_one_before(office: Office, clock: Clock) -> None:
    client = await office.signed_in(Role.KEEPER)
    first = (await client.post("passes")).json()
    clock.advance(timedelta(seconds=45))
    second = (await client.post("passes")).json()
    assert second["text"] != first["text"]
    assert second["expires_at"] > first["expires_at"]


async def test_machines_strangers_and_the_disabled_get_no_pass(office: Office, clock: Clock) -> None:
    client = await office.signed_in(Role.KEEPER)
    token = (await client.post("tokens", json={"name": "scale"})).json()["token"]
    machine, stranger = await office.visitor(), await office.visitor()
    machine.headers["authorization"] = f"Bearer {token}"
    problem(await machine.post("passes"), 403, "forbidden")
    problem(await stranger.post("passes"), 401, "not_signed_in")
    await office.execute("UPDATE person SET disabled_at = %s", clock.at)
    problem(await client.post("passes"), 401, "not_signed_in")
