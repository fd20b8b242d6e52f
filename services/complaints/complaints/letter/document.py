"""From the facts of a case to the blocks of its letter, by one template for all languages."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from service_kit.words.money import Money

from complaints.case.domain import Complaint
from complaints.case.records import Remedy
from complaints.languages import MESSAGES
from complaints.letter.labels import phrased
from complaints.words import Verdict

if TYPE_CHECKING:
    from jinja2.environment import Template, TemplateExpression
    from jinja2.sandbox import SandboxedEnvironment

# What XML cannot hold, and the marks that turn the direction of writing, with which a name could
# rewrite the sentence around it.
UNPRINTABLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
LINE_BREAKS = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")


@dataclass(frozen=True, kw_only=True)
class Matter:
    """What a letter is about."""

    company: str
    number: str
    title: str
    received_at: datetime
    written_at: datetime
    time_zone: str
    customer: str
    verdict: Verdict | None
    reason: str
    problem: str
    remedies: Sequence[Remedy]
    department: str | None

    @classmethod
    def of(
        cls,
        complaint: Complaint,
        validity: Mapping[str, object],
        *,
        customer: str,
        company: str,
        time_zone: str,
        at: datetime,
    ) -> "Matter":
        """`validity` is what was written down when the complaint was judged."""
        proposal = complaint.proposal
        return cls(
            company=company,
            number=complaint.number,
            title=complaint.report.title,
            received_at=complaint.report.received_at,
            written_at=at,
            time_zone=time_zone,
            customer=customer,
            verdict=complaint.verdict,
            reason=str(validity.get("reason", "")),
            problem=proposal.problem_restated if proposal else "",
            remedies=proposal.remedies if proposal else (),
            department=complaint.department,
        )


@dataclass(frozen=True)
class Block:
    """One piece of the letter: its kind and its lines of plain text."""

    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Letter:
    """What the renderers print."""

    language: str
    title: str
    author: str
    written_at: datetime
    blocks: tuple[Block, ...]


def compose(matter: Matter, language: str) -> Letter:
    """The letter of a matter in a language."""
    facts = _facts(matter, language)
    blocks = [
        Block(part["kind"], lines_of(_text(_source(part, language), occurrence)))
        for part in _template()
        for occurrence in _occurrences(part, facts)
    ]
    title = next(block.lines[0] for block in blocks if block.kind == "title")
    author = printable(matter.company)
    return Letter(language, f"{title} {matter.number}", author, matter.written_at, tuple(blocks))


def printable(text: str) -> str:
    """The text without characters that no page can show."""
    return UNPRINTABLE.sub("", text)


def lines_of(text: str) -> tuple[str, ...]:
    return tuple(printable(line) for line in LINE_BREAKS.split(text.strip()))


def _facts(matter: Matter, language: str) -> dict[str, object]:
    zone = ZoneInfo(matter.time_zone)
    verdict = matter.verdict or Verdict.UNDECIDABLE
    return {
        "company": matter.company,
        "number": matter.number,
        "title": matter.title,
        "received_on": _day(matter.received_at.astimezone(zone), language),
        "written_on": _day(matter.written_at.astimezone(zone), language),
        "customer": matter.customer,
        "verdict": phrased(verdict, language),
        "is_upheld": verdict in {Verdict.UPHELD, Verdict.PARTLY_UPHELD},
        "reason": matter.reason,
        "problem": matter.problem,
        "remedies": [_remedy(remedy, language) for remedy in matter.remedies],
        "department": matter.department,
    }


def _remedy(remedy: Remedy, language: str) -> dict[str, str]:
    return {
        "type": phrased(remedy.type, language),
        "amount": _money(remedy.amount),
        "description": remedy.description or "",
    }


def _money(amount: Money | None) -> str:
    return f"{amount.amount:,f} {amount.currency}" if amount else ""


def _day(at: datetime, language: str) -> str:
    return MESSAGES.label("letter.day", language).format(at=at)


def _source(part: Mapping[str, str], language: str) -> str:
    return MESSAGES.label(part["label"], language) if "label" in part else part["text"]


def _occurrences(part: Mapping[str, str], facts: dict[str, object]) -> list[dict[str, object]]:
    """The facts for each time a block appears:
    once, never, or once for every member of its list.
    """
    if "when" in part and not _condition(part["when"])(**facts):
        return []
    if "each" not in part:
        return [facts]
    members: Sequence[object] = _condition(part["each"])(**facts) or ()
    return [{**facts, "it": member} for member in members]


@cache
def _template() -> Sequence[Mapping[str, str]]:
    source = (
        resources.files("complaints.letter").joinpath("templates/wording.toml").read_text("utf-8")
    )
    blocks: Sequence[Mapping[str, str]] = tomllib.loads(source)["block"]
    return blocks


@cache
def _sandbox() -> "SandboxedEnvironment":
    # Imported at the first letter: a process that writes none does not carry the engine.
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # Nothing is escaped here: the result is plain text, and each renderer takes it as such.
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def _text(source: str, facts: Mapping[str, object]) -> str:
    return _compiled(source).render(facts)


@cache
def _compiled(source: str) -> "Template":
    return _sandbox().from_string(source)


@cache
def _condition(source: str) -> "TemplateExpression":
    return _sandbox().compile_expression(source)
