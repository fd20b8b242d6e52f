"""What ends the demo: a step that did not come out as it must."""

from guanxi_local.refusals import LauncherError


class StepFailed(LauncherError):
    """A step of the story did not come out;
    the message says what was asked and what came instead.
    """


def require(holds: bool, sentence: str) -> None:
    """Stops the story when a claim about the product does not hold."""
    if not holds:
        raise StepFailed(f"It does not hold that {sentence}.")
