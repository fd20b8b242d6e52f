"""`python -m tests.bench.directory_after_import`: how soon the contact center knows who calls,
after and during an import.

Asks a running instance (`make run`) over its gateway: imports a sheet of customers, and meanwhile
makes customers one by one, each of whom calls until the call names them. Prints how long each took,
and when the last customer of the sheet was known.
"""

import argparse
import asyncio
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

import httpx2

PATIENCE_SECONDS = 600.0
LOOK_SECONDS = 0.05
ENTRY = f"bench-directory-{int(time.time())}"


class Instance:
    """A gateway and a token for it."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def enter(self, credentials: dict[str, str]) -> None:
        form = {"grant_type": "client_credentials"}
        answer = await self._client.post(
            "/oauth/token", data=form, auth=(credentials["client_id"], credentials["client_secret"])
        )
        self._client.headers["Authorization"] = (
            f"Bearer {answer.raise_for_status().json()['access_token']}"
        )

    async def ask(self, method: str, path: str, **options: Any) -> Any:
        return (await self._client.request(method, path, **options)).raise_for_status().json()

    async def caller(self, phone: str) -> str | None:
        """Whom a call from this number is taken for."""
        call = await self.ask(
            "POST", "/v1/contacts", json={"channel": "voice", "from": phone, "to": ENTRY}
        )
        await self.ask("POST", f"/v1/contacts/{call['id']}/abandonment", json={})
        known: str | None = call["customer_id"]
        return known

    async def known(self, phone: str) -> float:
        """Seconds until a call from this number is somebody's."""
        began = time.monotonic()
        while await self.caller(phone) is None:
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise TimeoutError(phone)
            await asyncio.sleep(LOOK_SECONDS)
        return time.monotonic() - began


async def prepare(instance: Instance) -> None:
    """A number to call."""
    queue = await instance.ask(
        "POST", "/v1/queues", json={"name": f"bench {time.time()}", "channels": ["voice"]}
    )
    await instance.ask(
        "POST",
        "/v1/entry-points",
        json={"channel": "voice", "address": ENTRY, "queue_id": queue["id"]},
    )


def sheet(run: int, rows: int) -> bytes:
    lines = [f"B{run}-{number},Customer {number},{phone_of(run, number)}" for number in range(rows)]
    return ("external:bench,name,phone\n" + "\n".join(lines)).encode()


def phone_of(run: int, number: int) -> str:
    return f"+861{3 + run % 7}{run % 1000:03d}{number:06d}"


async def imported(instance: Instance, run: int, rows: int) -> float:
    """Seconds from the upload to the end of the import."""
    began = time.monotonic()
    files = {"file": ("bench.csv", sheet(run, rows))}
    work = await instance.ask(
        "POST", "/v1/customer-imports", files=files, data={"key": "external:bench"}
    )
    while work["state"] in ("queued", "running"):
        await asyncio.sleep(0.2)
        work = await instance.ask("GET", f"/v1/customer-imports/{work['id']}")
    assert work["counts"]["failed"] == 0, work
    return time.monotonic() - began


async def newcomers(instance: Instance, run: int, until: asyncio.Task[float]) -> list[float]:
    """How long each customer took to be known who was made while the import and its
    news were on their way.
    """
    seconds = []
    while not until.done():
        phone = f"+44770{run:03d}{len(seconds):04d}"
        identifiers = [{"type": "phone", "value": phone}]
        await instance.ask(
            "POST",
            "/v1/customers",
            json={"kind": "individual", "name": "Newcomer", "identifiers": identifiers},
        )
        seconds.append(await instance.known(phone))
    return seconds


async def measure(gateway: str, credentials: dict[str, str], rows: int) -> None:
    run = int(time.time()) % 1000
    async with httpx2.AsyncClient(base_url=gateway, timeout=60.0) as client:
        instance = Instance(client)
        await instance.enter(credentials)
        await prepare(instance)

        async def whole() -> float:
            took = await imported(instance, run, rows)
            print(f"{rows:,} customers imported in {took:.1f} s", flush=True)
            waited = await instance.known(phone_of(run, rows - 1))
            print(f"the last of them was known {waited:.1f} s after the import's end", flush=True)
            return waited

        last = asyncio.create_task(whole())
        seconds = await newcomers(instance, run, last)
        await last
        median, longest = statistics.median(seconds), max(seconds)
        print(
            f"{len(seconds)} newcomers meanwhile: known after {median:.2f} s (median),"
            f" {longest:.2f} s (longest)"
        )


def main() -> None:
    home = Path(os.environ.get("GUANXI_HOME", ".guanxi"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--gateway", default=f"http://127.0.0.1:{os.environ.get('GUANXI_PORT', '8000')}"
    )
    parser.add_argument("--credentials", type=Path, default=home / "credentials.json")
    parser.add_argument("--rows", type=int, default=100_000)
    asked = parser.parse_args()
    asyncio.run(measure(asked.gateway, json.loads(asked.credentials.read_text()), asked.rows))


if __name__ == "__main__":
    main()
