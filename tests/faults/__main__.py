"""`python -m tests.faults [--kills 20] [--seed N]`:
breaks a running instance in every way of the table and says what held.
"""

import argparse
import asyncio
import random
import secrets
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

from tests.faults import commit, router, silence, truth
from tests.faults.caller import Caller, History
from tests.faults.instance import PARTS, Instance
from tests.faults.load import Load, open_call_center
from tests.faults.receiver import Receiver

SUBSCRIBED = [
    "customer.created",
    "complaint.received",
    "complaint.acknowledged",
    "contact.completed",
]
READY_AGAIN_WITHIN = 10.0
VICTIMS = (*PARTS, "postgres")


class Report:
    """Lines of the table: a fault, whether it held, and what did not."""

    def __init__(self) -> None:
        self.failed = 0

    def line(self, fault: str, wrong: Sequence[str], note: str = "") -> None:
        print(
            f"{'holds ' if not wrong else 'BROKEN'}  {fault}{f'  ({note})' if note else ''}",
            flush=True,
        )
        for reason in wrong[:10]:
            print(f"          {reason}", flush=True)
        self.failed += bool(wrong)


async def kill_at_random(
    instance: Instance, *, kills: int, dice: random.Random
) -> tuple[list[str], list[float]]:
    """kill -9 one process after the other;
    what was not ready again in time, and how long each took.
    """
    wrong, took = [], []
    for number in range(1, kills + 1):
        await asyncio.sleep(dice.uniform(0.5, 2.5))
        victim = VICTIMS[number % len(VICTIMS)] if number <= len(VICTIMS) else dice.choice(VICTIMS)
        pid = instance.signal(victim, signal.SIGKILL)
        try:
            seconds = await asyncio.to_thread(
                instance.wait_ready, within=3 * READY_AGAIN_WITHIN, replaced=pid
            )
        except TimeoutError as error:
            wrong.append(f"kill {number} of {victim}: {error}")
            continue
        took.append(seconds)
        if seconds > READY_AGAIN_WITHIN:
            wrong.append(f"kill {number} of {victim}: ready again after {seconds:.1f} s")
        print(
            f"          kill {number:2d}  {victim:17} ready again after {seconds:4.1f} s",
            flush=True,
        )
    return wrong, took


async def kills_under_load(
    instance: Instance, report: Report, *, kills: int, dice: random.Random
) -> None:
    """The first row: processes die while clients write;
    afterwards the history is compared with the truth.
    """
    receiver = Receiver()
    caller = Caller(instance.credentials, History())
    try:
        endpoint = await caller.post(
            "/v1/webhook-endpoints",
            {"url": receiver.url, "event_types": SUBSCRIBED, "description": "faults"},
        )
        receiver.secret = endpoint["secret"]
        load = Load(caller, await open_call_center(caller), seed=dice.randrange(2**32))
        writing = asyncio.create_task(load.run())
        wrong, took = await kill_at_random(instance, kills=kills, dice=dice)
        load.stop()
        await writing
        await load.finish_calls()
        longest = max(took, default=0.0)
        report.line(
            f"{kills} kills -9: ready again within {READY_AGAIN_WITHIN:g} s",
            wrong,
            f"longest {longest:.1f} s",
        )
        history = caller.history
        note = f"{history.count()} acknowledged, {history.retries} retries"
        report.line(
            "every acknowledged write is there once", await truth.check_acknowledged(caller), note
        )
        report.line("feeds equal committed events", await truth.check_feeds(instance, caller))
        types = {f"guanxi.{name}.v1" for name in SUBSCRIBED}
        report.line(
            "each webhook arrived, signed",
            await truth.check_webhooks(caller, receiver, types),
            f"{len(receiver.received)} events",
        )
        report.line(
            "nothing offered or connected twice, no capacity exceeded",
            await truth.check_calls(caller),
        )
        report.line(
            "no internal errors, no refused writes", [*history.internal_errors, *load.refusals]
        )
    finally:
        await caller.close()
        receiver.close()


async def run(*, kills: int, seed: int) -> int:
    """All rows; the number of those that did not hold."""
    dice = random.Random(seed)
    report = Report()
    print(f"seed {seed}, {kills} kills", flush=True)
    with Instance() as instance:
        await kills_under_load(instance, report, kills=kills, dice=dice)
        rows: Sequence[tuple[str, Callable[[Instance], Awaitable[list[str]]]]] = (
            ("COMMIT made to fail: no 2xx", commit.check),
            ("router stopped past its lease and resumed: its writes are refused", router.check),
        )
        for fault, check in rows:
            report.line(fault, await check(instance))
    for line in await silence.check():
        report.line(*line)
    return report.failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument(
        "--seed", type=int, default=None, help="repeat a run; a fresh one is printed otherwise"
    )
    chosen = parser.parse_args()
    began = time.monotonic()
    failed = asyncio.run(
        run(
            kills=chosen.kills,
            seed=chosen.seed if chosen.seed is not None else secrets.randbelow(2**32),
        )
    )
    print(
        f"{'everything held' if not failed else f'{failed} did not hold'} after"
        f" {time.monotonic() - began:.0f} s"
    )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
