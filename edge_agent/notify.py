"""Telling the service manager how it is: sd_notify(3), one datagram each to the socket that it named."""

import logging
import socket

_log = logging.getLogger(__name__)


class Notifier:
    """Speaks to the socket at `address`, as in NOTIFY_SOCKET ("@…" is an abstract one); to nobody where it is None."""

    def __init__(self, address: str | None) -> None:
        self._address = "\0" + address[1:] if address and address.startswith("@") else address

    def ready(self) -> None:
        """The start is over; from now on `alive` is waited for."""
        self._say(b"READY=1")

    def alive(self) -> None:
        """Everything works; who does not say so in time is killed and started again."""
        self._say(b"WATCHDOG=1")

    def stopping(self) -> None:
        """The end was asked for."""
        self._say(b"STOPPING=1")

    def _say(self, state: bytes) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            try:
                line.sendto(state, self._address)
            except OSError as error:  # whoever misses it acts by itself
                _log.warning("%s not told: %s", state.decode(), error)
