"""The router stopped past its lease and resumed:
a second replica takes over, and the first finds its writes refused.
"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from typing import Any

import httpx2
from guanxi_local.ports import free_ports

from tests.faults import truth
from tests.faults.caller import Caller, History
from tests.faults.instance import Instance
from tests.faults.load import Load, open_call_center

TAKEN_OVER_WITHIN = 30.0


async def check(instance: Instance) -> list[str]:
    """Start a second contact-center, stop the process that holds the router's lease,
    let the other go on, resume the first.
    """
    caller = Caller(instance.credentials, History())
    with tempfile.TemporaryFile() as log:
        port = free_ports(1)[0]
        replica = _replica(instance, log, port)
        try:
            await _ready(replica, log, port)
            load = Load(caller, await open_call_center(caller), seed=1)
            writing = asyncio.create_task(load.run())
            await asyncio.sleep(3)
            wrong = await _stop_and_resume(instance)
            await asyncio.sleep(3)
            load.stop()
            await writing
            await load.finish_calls()
        finally:
            replica.terminate()
            with suppress(subprocess.TimeoutExpired):
                replica.wait(15)
            replica.kill()
    try:
        wrong += await truth.check_calls(caller)
        wrong += await truth.check_feeds(instance, caller)
        wrong += load.refusals
    finally:
        await caller.close()
    return wrong


def _replica(instance: Instance, log: Any, port: int) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, **instance.environment("contact-center"), "GUANXI_PORT": str(port)}
    command = [sys.executable, "-m", "contact_center", "work"]
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
    )


async def _ready(replica: "subprocess.Popen[bytes]", log: Any, port: int) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        for _ in range(300):
            with suppress(httpx2.HTTPError):
                if (
                    await client.get(f"http://127.0.0.1:{port}/readyz")
                ).status_code == httpx2.codes.OK:
                    return
            if replica.poll() is not None:
                break
            await asyncio.sleep(0.2)
    log.seek(0)
    raise RuntimeError(
        f"the second replica is not ready: {log.read()[-1500:].decode(errors='replace')}"
    )


async def _lease(instance: Instance) -> tuple[int, Any]:
    found = await truth.rows(
        instance, "contact-center", "SELECT epoch, owner FROM {schema}.lease WHERE name = 'router'"
    )
    return (int(found[0]["epoch"]), found[0]["owner"]) if found else (0, None)


async def _stop_and_resume(instance: Instance) -> list[str]:
    """SIGSTOP the supervised process until the epoch has grown, then SIGCONT;
    its late writes carry the old epoch.
    """
    pid = instance.pid("contact-center")
    before, _ = await _lease(instance)
    os.kill(pid, signal.SIGSTOP)
    try:
        after = await _epoch_beyond(instance, before)
    finally:
        os.kill(pid, signal.SIGCONT)
    if after == before:
        return [f"nobody took the router's lease over within {TAKEN_OVER_WITHIN:g} s"]
    return []


async def _epoch_beyond(instance: Instance, before: int) -> int:
    deadline = time.monotonic() + TAKEN_OVER_WITHIN
    while time.monotonic() < deadline:
        epoch, _ = await _lease(instance)
        if epoch > before:
            await asyncio.sleep(1)
            return epoch
        await asyncio.sleep(0.2)
    return before
