"""A language is a file:
one that is put beside the others is spoken everywhere, without a line of Python.
"""

import importlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from complaints.course.schemas import course_view
from complaints.letter.document import Matter, compose
from complaints.survey.domain import CriticalAnswer
from contact_center.languages import MESSAGES as CONTACT_CENTER
from contact_center.screen_pop.recommendations import Grounds, recommendations
from customer_profile.consent.domain import Code, Decision
from customer_profile.consent.schemas import reasons_out
from customer_profile.timeline.labels import titled
from service_kit.words.identity import new_id
from service_kit.words.messages import OWN, Messages

from tests.contract.rooms import Door, Room, operations
from tests.contract.test_contract_languages import refusals, texts_of

PSEUDO = "qps-ploc"
PACKAGES = ("customer_profile", "complaints", "scoring", "contact_center", "gateway")


def pseudo(folder: Path) -> dict[str, str]:
    """Every text of a catalog as a language that can be told from all others."""
    english = folder / "en.json"
    labels: dict[str, str] = json.loads(english.read_text("utf-8")) if english.exists() else {}
    return {
        key: f"⟦{labels.get(key, key)}⟧"
        for key in json.loads((folder / "zh-CN.json").read_text("utf-8"))
    }


def with_pseudo(folder: Path, copy: Path) -> Path:
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.py*", "__pycache__"))
    (copy / f"{PSEUDO}.json").write_text(json.dumps(pseudo(folder)), "utf-8")
    return copy


@pytest.fixture(autouse=True)
def another_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "service_kit.words.messages.OWN", with_pseudo(OWN, tmp_path / "service_kit")
    )
    for package in PACKAGES:
        module = importlib.import_module(f"{package}.languages")
        folder = with_pseudo(Path(module.__file__ or "").parent, tmp_path / package)
        monkeypatch.setattr(module.MESSAGES, "texts", Messages([folder]).texts)


async def test_problems_speak_it(room: Room, door: Door):
    answers = [
        answer
        for operation in operations(room.package)
        for answer in await refusals(door, operation, PSEUDO)
    ]

    assert {answer.headers["content-language"] for answer in answers} == {PSEUDO}
    assert [
        text for answer in answers for text in texts_of(answer.json()) if not text.startswith("⟦")
    ] == []


def test_a_course_and_what_a_survey_opens_speak_it():
    course = course_view(PSEUDO)
    answer = CriticalAnswer(
        id=new_id(),
        customer_id=new_id(),
        instrument="csat",
        score=1,
        reasons=["low_score"],
        answered_at=datetime.now(UTC),
        unit=None,
    )

    assert all(each.label.startswith("⟦") for each in [*course.states, *course.moves])
    assert answer.title(PSEUDO) == "⟦Low survey answer⟧: CSAT 1"


def test_a_letter_speaks_it():
    matter = Matter(
        company="Guanxi",
        number="C20260311-2222222",
        title="Leaking",
        received_at=datetime(2026, 3, 11, tzinfo=UTC),
        written_at=datetime(2026, 3, 12, tzinfo=UTC),
        time_zone="UTC",
        customer="Ann Lee",
        verdict=None,
        reason="",
        problem="It leaks.",
        remedies=(),
        department=None,
    )

    letter = compose(matter, PSEUDO)

    own = {"head", "signature"}
    said = [
        block.lines[0]
        for block in letter.blocks
        if block.kind not in own and block.lines != ("It leaks.",)
    ]
    assert [line for line in said if "⟦" not in line] == []
    assert "⟦Received on: ⟦11 March 2026⟧⟧" in said


def test_a_timeline_and_the_reasons_against_a_contact_speak_it():
    title = titled("complaint.closed", {"number": "C1"}, PSEUDO)
    reasons = reasons_out(Decision(reasons=(Code.QUIET_HOURS,), quiet_until=None), PSEUDO)

    assert title == "⟦Complaint C1 closed⟧"
    assert [each.text for each in reasons] == ["⟦These are quiet hours where the customer lives⟧"]


def test_advice_and_recommendations_speak_it():
    (recommendation,) = recommendations(Grounds(open_count=1))

    assert (
        CONTACT_CENTER.label("advice.long_wait", PSEUDO)
        == "⟦They waited long: apologize for the wait first.⟧"
    )
    assert recommendation.text(PSEUDO).startswith(
        "⟦First say how complaint ⟦(its number is not at hand)⟧ stands"
    )
