"""A partner's end of a webhook:
a listener on loopback that believes only what the public package verifies.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from guanxi_local.demo.api import Json


class Listener:
    """What has arrived, verified or not."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/guanxi"
        self.verified: list[Json] = []
        self.refused = 0
        self._webhook: Webhook | None = None
        self._changed = threading.Condition()

    def trust(self, secret: str) -> None:
        self._webhook = Webhook(secret)

    def take(self, body: bytes, headers: dict[str, str]) -> HTTPStatus:
        with self._changed:
            try:
                if self._webhook is None:
                    return HTTPStatus.SERVICE_UNAVAILABLE
                self._webhook.verify(body, headers)
            except WebhookVerificationError:
                self.refused += 1
                return HTTPStatus.BAD_REQUEST
            self.verified.append(json.loads(body))
            self._changed.notify_all()
        return HTTPStatus.NO_CONTENT

    def find(self, event_type: str, subject: str | None = None) -> Json | None:
        """The first verified event of that type, such as `complaint.closed`, about that subject."""
        with self._changed:
            for event in self.verified:
                if event["type"] == f"guanxi.{event_type}.v1" and subject in (
                    None,
                    event["subject"],
                ):
                    return event
        return None


@contextmanager
def listening() -> Iterator[Listener]:
    """A listener that is there as long as the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    server.listener = listener = Listener(server.server_address[1])  # type: ignore[attr-defined]  # read by its handler
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        listener: Any = self.server.listener  # type: ignore[attr-defined]  # set by `listening`
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.send_response(listener.take(body, headers))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the story tells what arrived."""
