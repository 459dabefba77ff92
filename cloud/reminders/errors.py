"""What can go wrong with telling people, besides what goes wrong everywhere."""

from cloud.errors import CloudError


class ChannelError(CloudError):
    """A message was not taken. `final`: no further try would change that."""

    diagnosis = "The message could not be delivered; the way it goes by may be set up wrongly."

    def __init__(self, problem: str, *, final: bool = False) -> None:
        super().__init__(problem)
        self.final = final
