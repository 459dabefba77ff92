"""A whole warehouse for a benchmark, and somebody who is signed in."""

import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from custody.roles import Role
from simulators.broker import free_port
from simulators.console import Colleague
from simulators.gatework import Ears
from simulators.warehouse import SITE, Staff, Warehouse


async def staffed(
    folder: Path, stack: AsyncExitStack, role: Role, ears: Ears, settings: Mapping[str, str] | None = None
) -> tuple[Warehouse, Colleague]:
    """Database, broker and cloud in `folder` until `stack` ends; the cloud is told `settings` too."""
    warehouse = Warehouse(folder, free_port(), stack, ears.hear)
    warehouse.more_settings = dict(settings or {})
    await warehouse.start_services()
    one = Staff(role.value, SITE, role.value, (role.value,), secrets.token_urlsafe(9))
    await warehouse.start_cloud([one])
    colleague = Colleague(warehouse.url, one.username, one.password)
    stack.push_async_callback(colleague.leave)
    await colleague.sign_in()
    return warehouse, colleague
