"""The calculator's own process: reads questions from standard input and answers on standard output
until the input ends.

A frame is a line of JSON, whose `size` says how many bytes follow it. What numpy and scipy hold
goes back with the process.
"""

import json
import sys
from typing import Any, BinaryIO

from scoring.score_run import calculations


def answered(question: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    """The answer to one question."""
    match question["ask"]:
        case "calibrate":
            return calculations.calibrate(
                content, models=question["models"], days=question["days"]
            ), b""
        case "cut_points":
            return {"cuts": calculations.cut_points(content)}, b""
        case "cards":
            return {}, calculations.cards(
                content, definition=question["definition"], milliseconds=question["milliseconds"]
            )
        case other:
            raise ValueError(f"nobody asks {other}")


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer one question after the other;
    an error ends the process, and its text is what the parent sees.
    """
    while line := source.readline():
        question = json.loads(line)
        answer, content = answered(question, source.read(question["size"]))
        sink.write(json.dumps({**answer, "size": len(content)}).encode() + b"\n")
        sink.write(content)
        sink.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
