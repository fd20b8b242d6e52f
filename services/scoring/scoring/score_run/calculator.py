"""Asks the calculator, a child process that lives as long as a run computes."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

LONGEST_LINE = 1_000_000
LAST_WORDS = 2_000


class CalculatorFailed(RuntimeError):
    """The calculator ended before it answered; the text is its last words."""


class Calculator:
    """One question at a time, each with its bytes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(
        self, question: Mapping[str, Any], content: bytes
    ) -> tuple[dict[str, Any], bytes]:
        """The answer and its bytes; CalculatorFailed when the process ended instead."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({**question, "size": len(content)}).encode() + b"\n")
        self._process.stdin.write(content)
        try:
            await self._process.stdin.drain()
            answer = json.loads(await self._process.stdout.readuntil(b"\n"))
            return answer, await self._process.stdout.readexactly(answer["size"])
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise CalculatorFailed(await self._last_words()) from error

    async def _last_words(self) -> str:
        assert self._process.stderr is not None
        return (await self._process.stderr.read()).decode("utf-8", "replace")[-LAST_WORDS:]


@asynccontextmanager
async def calculating() -> AsyncIterator[Calculator]:
    """A calculator; its process is gone when the block is left, however it is left."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "scoring.score_run.calculator_process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        yield Calculator(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
