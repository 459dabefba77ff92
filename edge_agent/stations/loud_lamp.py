"""A lamp with a buzzer beside it: what the lamp shows red or amber is heard as well. For a station it is one lamp."""

from collections.abc import Callable

from edge_agent.devices import Buzzer, Lamp, Light, Tune
from edge_agent.errors import DeviceError

TUNES = {Light.RED: Tune.REFUSED, Light.AMBER: Tune.ATTENTION}


class LoudLamp:
    """`lamp`, where there is one, and `buzzer`, whose faults are its own to `report`: a mute gate is no closed one."""

    def __init__(self, lamp: Lamp | None, buzzer: Buzzer, report: Callable[[str | None], None]) -> None:
        self._lamp, self._buzzer, self._report = lamp, buzzer, report

    def show(self, light: Light) -> None:
        """Shows `light`, and sounds what it means. Raises DeviceError when the lamp cannot be told."""
        try:
            self._buzzer.sound(TUNES.get(light, Tune.OFF))
        except DeviceError as error:
            self._report(str(error))
        else:
            self._report(None)
        if self._lamp is not None:
            self._lamp.show(light)

    def stop(self) -> None:
        """Both are given back by whoever built them."""
