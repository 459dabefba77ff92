"""The steps this agent's stations may take without asking: tasks by the cloud's key, each good for one time.

As with permits, nothing changes but together with a fact, and everything is used while holding the permits' lock.
"""

from collections.abc import Collection

from custody.permits import time_text
from custody.rule_pack import RulePack
from custody.tasks import TASK_TYPE, Task
from edge_agent.permits import Change
from edge_agent.rule_packs import PackBook
from edge_agent.store import Effect, Reads
from proof import jws
from proof.errors import ProofError


class TaskBook:
    """The tasks of one agent, each decided by one of its `packs`."""

    def __init__(self, reads: Reads, agent: str, packs: PackBook, find_key: jws.FindKey) -> None:
        self.done = {task for (task,) in reads.rows("done_tasks")}
        self.changes = 0
        """How often a task came or went; to be read without the lock."""
        self._agent, self._packs, self._find_key = agent, packs, find_key
        self._revoked = {task for (task,) in reads.rows("revoked_tasks")}
        self._tasks: dict[str, Task] = {}
        for (token,) in reads.rows("tasks"):
            try:
                task = self.read(token)
            except ProofError:  # its key is no longer trusted
                continue
            self._keep(task)

    def read(self, token: str) -> Task:
        """The genuine task in `token`. Raises ProofError, or TaskError for one of another version."""
        return Task.from_payload(jws.verify(token, self._find_key, TASK_TYPE))

    def tasks_for(self, station: str, thing: str) -> list[Task]:
        """The tasks of `station` that name `thing`, done ones too: they say why it is not done again."""
        return [
            task for task in self._tasks.values()
            if task.station == station and any(one.id == thing for one in task.things) and self._rules(task)
        ]  # fmt: skip

    def at(self, stations: Collection[str]) -> list[Task]:
        """The tasks of `stations`, done ones too."""
        return [task for task in self._tasks.values() if task.station in stations]

    def add(self, token: str) -> Change | str:
        """Takes a task, or says why not. Raises ProofError, TaskError."""
        task = self.read(token)
        if task.agent != self._agent:
            return f"the task is for {task.agent}"
        if self._rules(task) is None:  # another answer than the cloud's would be worse than none
            return f"the task is under rule pack {task.rule_pack[:16]}…, which is not here"
        if task.id in self._revoked:
            return "the task was revoked"
        values = {"id": task.id, "jws": token, "not_after": time_text(task.not_after)}
        return Change((Effect("add_task", values),), lambda: self._keep(task))

    def revoke(self, task: str) -> Change:
        """Takes a task away for ever, also one that has not come yet."""
        values = {"task": task}
        return Change((Effect("drop_task", values), Effect("add_revoked_task", values)), lambda: self._drop(task))

    def do(self, task: Task) -> Change:
        """Uses it up."""
        return Change((Effect("do_task", {"task": task.id}),), lambda: self.done.add(task.id))

    def _rules(self, task: Task) -> RulePack | None:
        return self._packs.named(task.rule_pack)

    def _keep(self, task: Task) -> None:
        self.changes += 1
        self._tasks[task.id] = task

    def _drop(self, id_: str) -> None:
        self.changes += 1
        self._revoked.add(id_)
        self._tasks.pop(id_, None)
