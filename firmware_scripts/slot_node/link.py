"""The node's connection to the site's broker: umqtt.simple, made to give up instead of waiting for ever."""

import time

from umqtt.simple import MQTTClient, MQTTException

TIMEOUT_S = 5  # less than the watchdog's patience
BROKEN = (OSError, MQTTException, AssertionError, IndexError, TypeError, ValueError)
"""What umqtt raises when a connection ends in the middle of something."""


class Patient:
    """A stream on which umqtt waits TIMEOUT_S at most, and which remembers when it last heard something.

    umqtt takes it for an SSL context: `wrap_socket` is called once, with the connected socket.
    """

    def __init__(self, context: object, name: str, feed: object) -> None:
        self._context, self._name, self._feed = context, name, feed
        self.heard_ms = time.ticks_ms()

    def wrap_socket(self, raw, server_hostname=None):
        """Is the stream over `raw` from now on."""
        self._raw = raw
        self._feed()  # a handshake takes a small board seconds
        stream = raw if self._context is None else self._context.wrap_socket(raw, server_hostname=self._name)
        self._stream, self.write, self.close = stream, stream.write, stream.close
        self._feed()
        return self

    def read(self, size: int) -> bytes:
        """As a stream's own."""
        data = self._stream.read(size)
        if data:
            self.heard_ms = time.ticks_ms()
        return data

    def setblocking(self, blocking: bool) -> None:
        """Blocking is never for ever."""
        self._raw.settimeout(TIMEOUT_S if blocking else 0)


class Link:
    """A living connection; every method raises one of BROKEN once it is gone."""

    def __init__(self, config: dict, feed: object, on_message: object) -> None:
        self._root = b"sealtrail/slots/v1/" + config["node"].encode() + b"/"
        self._keepalive_ms = config["keepalive_s"] * 1000
        self._stream = Patient(_context(config["tls"]), config.get("server_name") or config["broker"], feed)
        self._client = MQTTClient(
            b"node-" + config["node"].encode(), config["broker"], config["port"], _bytes(config["user"]),
            _bytes(config["password"]), config["keepalive_s"], self._stream,
        )  # fmt: skip
        self._client.set_callback(lambda topic, payload: on_message(bytes(payload)))
        self._client.set_last_will(self._root + b"online", b'{"v": 1, "online": false}', True, 1)
        self._client.connect(True, TIMEOUT_S)
        self._pinged_ms = time.ticks_ms()
        self._client.subscribe(self._root + b"lights", 1)

    def say(self, channel: str, payload: bytes) -> None:
        """Publishes, retained, and waits for the broker's word that it has it (QoS 1)."""
        self._client.publish(self._root + channel.encode(), payload, True, 1)

    def look(self) -> None:
        """Takes what has come, and finds out in time when nobody is there any more."""
        now = time.ticks_ms()
        if time.ticks_diff(now, self._pinged_ms) > self._keepalive_ms // 3:
            self._pinged_ms = now
            self._client.ping()
        self._client.check_msg()
        if time.ticks_diff(now, self._stream.heard_ms) > self._keepalive_ms:
            raise OSError("the broker is silent")

    def close(self) -> None:
        """Lets go of the socket; the broker then tells the last will."""
        try:
            self._client.sock.close()
        except BROKEN:
            pass


def _bytes(text: str) -> bytes:
    return None if text is None else text.encode()


def _context(files: object) -> object:
    if files is None:  # where the port has no TLS: only on a network of its own
        return None
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    with open(files["ca"], "rb") as ca:
        context.load_verify_locations(cadata=ca.read())
    context.load_cert_chain(files["cert"], files["key"])
    return context
