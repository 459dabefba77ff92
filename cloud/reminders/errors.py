"""What can go wrong with telling people, besides what goes wrong everywhere."""

from typing import Literal

from cloud.errors import CloudError

Problem = Literal[
    "no_such_host", "inner_address", "no_answer", "not_reached", "redirects", "answers", "refused", "not_taken",
    "not_set_up",
]  # fmt: skip


class ChannelError(CloudError):
    """A message was not taken: `problem`, with a number of seconds, a status or the vendor's own where there is one.

    Its text is both, as it is kept. `final`: no further try would change that.
    """

    diagnosis = "The message could not be delivered; the way it goes by may be set up wrongly."

    def __init__(self, problem: Problem, number: float | None = None, *, final: bool = False) -> None:
        super().__init__(problem if number is None else f"{problem}:{number:.9g}")
        self.final = final
