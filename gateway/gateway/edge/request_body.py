"""A request's body, as long as it keeps coming: how long a caller may take to send it."""

import asyncio

from service_kit.words.errors import Refusal
from starlette.types import Message, Receive

from gateway.proxy.headers import RawHeaders, has_body


class BodyTooSlow(Refusal):
    """The request body did not arrive in time;
    send it again, on a faster connection or in parts.
    """

    status = 408
    kind = "request-timeout"


class BodyReading:
    """The caller's `receive` with two limits, in seconds:
    for each `pause` and for the `whole` body. Afterwards it waits for ever.
    """

    __slots__ = ("_is_over", "_pause", "_receive", "_until")

    def __init__(
        self, receive: Receive, headers: RawHeaders, *, pause: float, whole: float
    ) -> None:
        self._receive = receive
        self._pause = pause
        self._is_over = not has_body(headers)
        self._until = 0.0 if self._is_over else asyncio.get_running_loop().time() + whole

    async def __call__(self) -> Message:
        if self._is_over:
            return await self._receive()
        left = self._until - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(min(self._pause, left)):
                message = await self._receive()
        except TimeoutError as error:
            raise BodyTooSlow() from error
        self._is_over = not message.get("more_body")
        return message
