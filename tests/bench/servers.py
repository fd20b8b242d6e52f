"""The processes of a bench:
a PostgreSQL, a service as it is deployed, a reference handler, a load generator.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from joserfc.jwk import KeySet
from service_kit.postgres.server import PostgresServer
from service_kit.testing.tokens import ISSUER, SigningKeys

TUNED = {
    "shared_buffers": "2GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "effective_cache_size": "8GB",
}
CONNECTIONS = 16


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """A durable PostgreSQL on loopback in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with PostgresServer(
            Path(folder) / "pg", durable=True, loopback=True, settings=TUNED
        ) as server:
            yield server


@contextmanager
def published(keys: SigningKeys) -> Iterator[str]:
    """Serves the public keys as the gateway does; gives the address."""
    body = json.dumps(KeySet([keys._key]).as_dict(private=False)).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Key requests are not worth a line."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def service(
    package: str,
    *,
    database_url: str,
    gateway_url: str,
    environment: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """`python -m <package> serve` in one process; gives its port."""
    port = free_port()
    told = {
        **os.environ,
        "GUANXI_DATABASE_URL": database_url,
        "GUANXI_DATABASE_SCHEMA": package,
        "GUANXI_PORT": str(port),
        "GUANXI_ISSUER": ISSUER,
        "GUANXI_GATEWAY_URL": gateway_url,
        "GUANXI_SECRET_KEY": "bench",
        "GUANXI_DATABASE_POOL_SIZE": str(CONNECTIONS),
        **(environment or {}),
    }
    with process(
        [sys.executable, "-m", package, "serve"], told, ready=f"http://127.0.0.1:{port}/readyz"
    ):
        yield port


@contextmanager
def process(
    command: Sequence[str], environment: Mapping[str, str], *, ready: str
) -> Iterator[None]:
    """A child that answers at `ready`; it is ended with the block."""
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            _wait(child, ready, log)
            yield
        finally:
            child.terminate()
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _wait(child: "subprocess.Popen[bytes]", ready: str, log: Any) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and child.poll() is None:
        try:
            with urlopen(ready, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    log.seek(0)
    raise RuntimeError(f"{ready} does not answer: {log.read()[-2000:].decode(errors='replace')}")


def load(
    port: int, requests: Sequence[str], *, seconds: float, connections: int = CONNECTIONS
) -> dict[str, float]:
    """Run the load generator in a process of its own and return its figures."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(list(requests), file)
        file.flush()
        generator = Path(__file__).with_name("load.py")
        command = [
            sys.executable,
            str(generator),
            "127.0.0.1",
            str(port),
            str(connections),
            str(seconds),
            file.name,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    if figures["failures"]:
        raise RuntimeError(f"{figures['failures']} of {figures['requests']} requests failed")
    return figures


def get(path: str, token: str) -> str:
    """A GET as the bytes of HTTP/1.1."""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n"


def post(path: str, token: str, body: str, *, key: str) -> str:
    """A POST with an idempotency key as the bytes of HTTP/1.1; the body is ASCII JSON."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nIdempotency-Key:"
        f" {key}\r\n"
    )
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
