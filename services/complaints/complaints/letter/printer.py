"""Prints letters beside the event loop, within a deadline."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from complaints.letter.document import Matter, compose
from complaints.letter.docx import render_docx
from complaints.letter.domain import LetterTooSlow, Printed
from complaints.letter.pdf import render_pdf


class Printer:
    """Two letters at a time;
    whoever waits longer than `seconds` (the setting `letter_seconds`) is told to come again.
    """

    def __init__(self, *, seconds: float, hands: int = 2) -> None:
        self._seconds = seconds
        self._hands = ThreadPoolExecutor(hands, thread_name_prefix="letter")

    async def print(self, matter: Matter, language: str) -> Printed:
        """Raises LetterTooSlow past the deadline."""
        loop = asyncio.get_running_loop()
        try:
            return await asyncio.wait_for(
                loop.run_in_executor(self._hands, _printed, matter, language), self._seconds
            )
        except TimeoutError as error:
            raise LetterTooSlow(retry_after=5) from error

    async def close(self) -> None:
        self._hands.shutdown(wait=False, cancel_futures=True)


def _printed(matter: Matter, language: str) -> Printed:
    letter = compose(matter, language)
    return Printed(pdf=render_pdf(letter), docx=render_docx(letter))
