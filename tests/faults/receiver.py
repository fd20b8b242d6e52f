"""A partner's webhook receiver on loopback:
verifies every delivery with the public library and remembers it.
"""

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


class Receiver:
    """`received` counts deliveries by event id; `forged` holds what did not verify."""

    def __init__(self) -> None:
        self.secret = ""
        self.received: Counter[str] = Counter()
        self.forged: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                self.send_response(204 if receiver._take(dict(self.headers.items()), body) else 400)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Deliveries are counted, not printed."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _take(self, headers: dict[str, str], body: bytes) -> bool:
        lowered = {name.lower(): value for name, value in headers.items()}
        try:
            event = Webhook(self.secret).verify(body.decode(), lowered)
        except (WebhookVerificationError, ValueError) as error:
            self.forged.append(f"{error}: {lowered.get('webhook-id')}")
            return False
        self.received[event["id"]] += 1
        return True

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
