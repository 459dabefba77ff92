"""The people of a warehouse, each with one role, and how they put their hands to acts together."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from custody.roles import Role
from simulators.passkey import SoftPasskey
from tests.cloud.api import Office

JPEG = b"\xff\xd8\xff\xe0 a photograph of a seal" + bytes(500) + b"\xff\xd9"
WITH_PASSKEY = (Role.APPROVER, Role.LEADER, Role.SUPERVISOR)


@dataclass
class Crew:
    """One person of each role; `second` is another of a role that is needed twice."""

    office: Office
    site: str = "nj01"
    _people: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    _keys: dict[int, SoftPasskey] = field(default_factory=dict)
    _photo: str = ""
    _slots: dict[tuple[str, str, int], str] = field(default_factory=dict)

    async def person(self, role: Role, second: bool = False) -> httpx.AsyncClient:
        """Who has `role`, signed in and with a passkey where approvals ask for one; the same each time."""
        name = f"{role.value} {second}"
        if name not in self._people:
            client = await self.office.signed_in(role, site=self.site)
            self._people[name] = client
            if role in WITH_PASSKEY:
                await self.give_passkey(client)
        return self._people[name]

    async def give_passkey(self, client: httpx.AsyncClient) -> None:
        """From now on `client` signs with a passkey."""
        key = SoftPasskey("localhost", "http://localhost", random=self.office.parts.world.random)
        options = (await client.post("passkeys/begin")).json()
        made = await client.post("passkeys", json={"name": "phone", "credential": key.register(options)})
        assert made.status_code == 201, made.text
        self._keys[id(client)] = key

    async def photo(self) -> str:
        """A photograph that was sent."""
        if not self._photo:
            keeper = await self.person(Role.KEEPER)
            sent = await keeper.post("photos", content=JPEG, headers={"content-type": "image/jpeg"})
            assert sent.status_code == 201, sent.text
            self._photo = sent.json()["sha256"]
        return self._photo

    async def slot(self, zone_class: str = "ordinary", size: str = "xl", capacity: int = 100) -> str:
        """A slot of a zone of its own; the same each time."""
        wanted = (zone_class, size, capacity)
        if wanted not in self._slots:
            keeper, number = await self.person(Role.KEEPER), len(self._slots) + 1
            zone = await keeper.post("zones", json={"name": f"Z{number}", "zone_class": zone_class})
            assert zone.status_code == 201, zone.text
            new = {"name": f"A-{number:02}-01", "size": size, "capacity": capacity}
            slots = await keeper.post("slots", json={"zone": zone.json()["id"], "slots": [new]})
            assert slots.status_code == 201, slots.text
            (made,) = slots.json()["rows"]
            self._slots[wanted] = made["id"]
        return self._slots[wanted]

    async def details(self, action: str, **own: Any) -> dict[str, Any]:
        """Details that the default rules accept for `action`, with some of one's `own`."""
        now = self.office.parts.world.now()
        if action in ("place", "move", "shelve") and "slot" not in own:
            own["slot"] = await self.slot()
        forms: dict[str, dict[str, Any]] = {
            "void": {"reason": "误登记"},
            "seal": {"seal_number": "F0000001", "photos": [await self.photo()], "weight_g": 12000},
            "handover": {"differences": []},
            "weigh": {"weight_g": 12010},
            "open": {"reason": "抽样", "photos": [await self.photo()]},
            "reseal": {"seal_number": "F0000009", "photos": [await self.photo()], "weight_g": 11900},
            "repack": {"seal_number": "F0000010", "photos": [await self.photo()], "weight_g": 6000},
            "empty": {"reason": "已清空"},
            "split": {"parts": [{"name": "甲", "quantity": 20}, {"name": "乙", "quantity": 30}], "reason": "分案"},
            "approve_release": {
                "purpose": "court", "due_at": (now + timedelta(days=7)).isoformat(), "reason": "庭审出示",
            },
            "withdraw_release": {"reason": "改期"},
            "shelve": {"seal_intact": True},
            "declare_missing": {"reason": "盘库未见"},
            "found": {"reason": "误置于另一货位"},
            "approve_disposal": {"method": "destroy", "reason": "假冒卷烟", "legal_basis": "《烟草专卖法实施条例》"},
            "withdraw_disposal": {"reason": "复议"},
            "return_to_owner": {"recipient": "王某", "receipt": await self.photo()},
            "auction": {"recipient": "买受人", "price_fen": 100, "receipt": await self.photo()},
            "transfer": {"recipient": "公安局", "receipt": await self.photo()},
            "destroy": {
                "witnesses": ["甲", "乙"], "count": 50, "weight_g": 12000, "photos": [await self.photo()],
                "place": "销毁场",
            },
            "correct": {"cites": 0, "changes": {"name": "卷烟 软盒"}, "reason": "笔误"},
        }  # fmt: skip
        return forms.get(action, {}) | own

    async def propose(
        self, client: httpx.AsyncClient, action: str, *things: str, headers: dict[str, str] | None = None, **own: Any
    ) -> httpx.Response:
        """`client` asks for `action`."""
        details = await self.details(action, **own)
        asked = {"action": action, "things": list(things), "details": details}
        return await client.post("acts", json=asked, headers=headers or {})

    async def sign(self, client: httpx.AsyncClient, act: str) -> httpx.Response:
        """`client` puts their hand to `act`, by passkey where they have one."""
        shown = (await client.get(f"acts/{act}")).json()
        body: dict[str, Any] = {"act": act, "seen": shown["hash"]}
        key = self._keys.get(id(client))
        if key is not None:
            body["assertion"] = key.sign(bytes.fromhex(shown["challenge"]))
        return await client.post("acts/sign", json=body)

    async def do(self, action: str, *things: str, by: tuple[Role, ...], **own: Any) -> dict[str, Any]:
        """The act with everybody's hand on it, in the order of `by`; of a live one the end as well."""
        people = [await self.person(role, second=role in by[:n]) for n, role in enumerate(by)]
        answer = await self.propose(people[0], action, *things, **own)
        assert answer.status_code in (201, 202), answer.text
        for client in (*people, *people):  # the second time it is the end of what all stay for
            if answer.json()["status"] == "waiting" and await self._waits_for(client, answer.json()["act"]):
                answer = await self.sign(client, answer.json()["act"])
                assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        assert body["status"] == "done", body
        return body

    async def _waits_for(self, client: httpx.AsyncClient, act: str) -> bool:
        return bool((await client.get(f"acts/{act}")).json()["mine"])
