"""The gateway's proxying (token check, limit, streaming) against plain nginx with one worker,
both before the same small upstream.
"""

import asyncio
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from gateway.app import MIGRATIONS
from service_kit.store.connection import connect
from service_kit.store.migrations import migrate

sys.path.insert(0, str(Path(__file__).parent))

from servers import free_port, get, load, postgres, service  # type: ignore[import-not-found,unused-ignore]  # Scripts beside each other.
from table import Row, row, show  # type: ignore[import-not-found,unused-ignore]  # As above.

SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
ROUNDS = 3
PATH = "/v1/complaints/01890a5d-ac96-774b-bcce-b302099a8057"
BODY = (
    '{"id":"01890a5d-ac96-774b-bcce-b302099a8057","state":"received","title":"' + "x" * 900 + '"}'
)
NGINX = """worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream behind {{ server 127.0.0.1:{behind}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{front};
    proxy_http_version 1.1; proxy_set_header Connection "";
    location / {{ proxy_pass http://behind; }}
  }}
}}
"""
UPSTREAM = """worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{behind};
    location / {{ default_type application/json; return 200 '{body}'; }}
  }}
}}
"""


class Skipped(Exception):
    """There is nothing to compare with on this machine."""


@contextmanager
def nginx(configuration: str, **values: object) -> Iterator[None]:
    """An nginx of our own in a temporary folder, ended with the block."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise Skipped("nginx is not installed (Debian's package nginx-light is enough)")
    with tempfile.TemporaryDirectory(prefix="guanxi-nginx-") as folder:
        # The worker of an nginx that was started by root runs under another account.
        Path(folder).chmod(0o777)
        file = Path(folder) / "nginx.conf"
        file.write_text(configuration.format(folder=folder, **values))
        child = subprocess.Popen(
            [program, "-p", folder, "-c", str(file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(0.5)
            if child.poll() is not None:
                raise Skipped(
                    f"nginx did not start: {(Path(folder) / 'error.log').read_text()[-500:]}"
                )
            yield
        finally:
            child.terminate()
            child.wait(10)


async def prepare(url: str, secret: str) -> None:
    connection = await connect(url)
    await connection.execute("CREATE SCHEMA gateway")
    await connection.close()
    await migrate(url, "gateway", str(MIGRATIONS))
    command = [
        sys.executable,
        "-m",
        "gateway",
        "ensure-client",
        "--client-id",
        "bench",
        "--name",
        "Bench",
        "--all-scopes",
    ]
    told = {
        "GUANXI_DATABASE_URL": url,
        "GUANXI_SECRET_KEY": "bench",
        "GUANXI_NEW_CLIENT_SECRET": secret,
    }
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **told})
    if await process.wait():
        raise RuntimeError("the client could not be registered")


def token_of(port: int, secret: str) -> str:
    answer = httpx2.post(
        f"http://127.0.0.1:{port}/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=("bench", secret),
    )
    answer.raise_for_status()
    token: str = answer.json()["access_token"]
    return token


def in_turn(*runs: Callable[[], float]) -> list[list[float]]:
    """All run in turn, so that a change of the machine's mood meets every one of them."""
    for run in runs:
        run()
    return [
        list(series)
        for series in zip(*([run() for run in runs] for _ in range(ROUNDS)), strict=True)
    ]


def rows() -> list[Row]:
    """Throughput at 16 connections, and what the gateway adds to one request after the other."""
    secret, behind, front = secrets.token_urlsafe(32), free_port(), free_port()
    with (
        postgres() as server,
        nginx(UPSTREAM, behind=behind, body=BODY),
        nginx(NGINX, behind=behind, front=front),
    ):
        asyncio.run(prepare(server.url(), secret))
        told = {
            "GUANXI_COMPLAINTS_URL": f"http://127.0.0.1:{behind}",
            "GUANXI_RATE_LIMIT_REQUESTS": "100000000",
            "GUANXI_WORK": "false",
            "GUANXI_LOG_LEVEL": os.environ.get("BENCH_LOG_LEVEL", "INFO"),
        }
        with service(
            "gateway", database_url=server.url(), gateway_url="http://127.0.0.1:1", environment=told
        ) as port:
            request = [get(PATH, token_of(port, secret))]

            def rate(at: int) -> float:
                return float(load(at, request, seconds=SECONDS)["per_second"])

            def milliseconds(at: int) -> float:
                return float(load(at, request, seconds=SECONDS, connections=1)["p50"])

            gateway_rate, nginx_rate = in_turn(lambda: rate(port), lambda: rate(front))
            gateway_p50, upstream_p50 = in_turn(
                lambda: milliseconds(port), lambda: milliseconds(behind)
            )
    added = [mine - theirs for mine, theirs in zip(gateway_p50, upstream_p50, strict=True)]
    return [
        row(
            "gateway: token check, limit, proxying",
            gateway_rate,
            nginx_rate,
            unit="/s",
            reference_name="nginx, one worker",
            at_least=0.1,
            aim=0.2,
            note="request log on",
        ),
        row(
            "gateway: 0.4 ms over what it adds to one request (p50)",
            [0.4 / max(each, 0.001) for each in added],
            [],
            unit="x",
            reference_name="",
            at_least=1,
            aim=1,
            note=(
                f"adds {min(added):.2f} to {max(added):.2f} ms; 0.4 ms is the goal, more than 1 is"
                " better"
            ),
        ),
    ]


def main() -> None:
    """Print and write the table, or say why there is none."""
    try:
        show("gateway", rows())
    except Skipped as reason:
        print(f"gateway: skipped, {reason}")


if __name__ == "__main__":
    main()
