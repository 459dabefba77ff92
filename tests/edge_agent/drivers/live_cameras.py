"""Cameras to test against: an HTTP server that streams MJPEG, and a stage that sends JPEGs. Both real, both local."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np

BETWEEN_S = 0.01  # two pictures of a live camera


def plain(level: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A picture of one colour: blue `level`, green 60, red 200; 240×320."""
    return np.full((240, 320, 3), (level, 60, 200), np.uint8)


def jpeg(level: int) -> bytes:
    return cv2.imencode(".jpg", plain(level))[1].tobytes()


class Show:
    """What a live camera sends: one picture after another, until it freezes or is cut."""

    def __init__(self) -> None:
        self.level = 40
        self.raw: bytes | None = None  # sent in place of a picture
        self.frozen = threading.Event()
        self.cut = threading.Event()
        self.most = 9  # viewers at once
        self.viewers: list[bool] = []  # of each that came, whether it was let in
        self.watching = 0
        self._sent = 0
        self._one_sent = threading.Condition()

    def pictures(self) -> Iterator[bytes]:
        while not self.cut.wait(BETWEEN_S):
            if not self.frozen.is_set():
                yield jpeg(self.level) if self.raw is None else self.raw
                with self._one_sent:
                    self._sent += 1
                    self._one_sent.notify_all()

    def wait_for_more(self, pictures: int) -> None:
        """Returns when so many more pictures were sent."""
        with self._one_sent:
            wanted = self._sent + pictures
            assert self._one_sent.wait_for(lambda: self._sent >= wanted, 240)


@contextmanager
def mjpeg_server(show: Show) -> Iterator[str]:
    """The address of `show` as an MJPEG stream."""

    class Stream(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            show.viewers.append(show.watching < show.most)
            if not show.viewers[-1]:
                self.send_error(503)
                return
            show.watching += 1
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
            self.end_headers()
            try:
                for data in show.pictures():
                    head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                    self.wfile.write(head.encode() + data + b"\r\n")
            except OSError:  # the viewer left
                return
            finally:
                show.watching -= 1

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Stream) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/stream"
        finally:
            show.cut.set()
            server.shutdown()
            thread.join()


@contextmanager
def stage_server(show: Show, folder: Path) -> Iterator[Path]:
    """The socket of a stage with `show` before every camera."""
    path = folder / "stage.sock"
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    server.listen()
    threads: list[threading.Thread] = []

    def perform(viewer: socket.socket) -> None:
        with viewer, viewer.makefile("rb") as said:
            said.readline()
            try:
                for data in show.pictures():
                    viewer.sendall(struct.pack(">I", len(data)) + data)
            except OSError:  # the viewer left
                return

    def admit() -> None:
        while not show.cut.is_set():
            try:
                viewer, _ = server.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=perform, args=(viewer,)))
            threads[-1].start()

    doorman = threading.Thread(target=admit)
    doorman.start()
    try:
        yield path
    finally:
        show.cut.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        doorman.join()
        for thread in threads:
            thread.join()
