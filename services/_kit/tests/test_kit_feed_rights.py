"""Rights that go while a caller waits for events:
it is judged again before it is given anything.
"""

import asyncio
import time
from dataclasses import replace

import pytest
from service_kit.access.caller import Caller
from service_kit.access.epochs import NoEpochs, mark_of
from service_kit.access.tokens import Authenticator
from service_kit.testing import Api, serving

READER = ("events:read", "notes:read")


def waiting(api: Api, **claims):
    follower = api.as_(*READER, client_id="follower", **claims)
    return asyncio.create_task(follower.get("/v1/events", params={"after": "0", "wait": 8}))


async def test_a_client_that_lost_rights_while_it_waited_is_given_nothing(
    compose, signing_keys, monkeypatch
):
    async with serving(compose(), signing_keys) as api:
        answer = waiting(api)
        await asyncio.sleep(0.5)
        monkeypatch.setattr(NoEpochs, "least", {mark_of("follower"): 1})
        await api.post("/v1/notes", {"text": "a"})

        assert (await answer).status_code == 401


async def test_a_token_that_expired_while_it_waited_is_given_nothing(compose, signing_keys):
    async with serving(compose(), signing_keys) as api:
        # Clocks that differ are forgiven five seconds: this one holds for two more.
        answer = await waiting(api, exp=int(time.time()) - 3)

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        (lambda caller: replace(caller, scopes=frozenset({"notes:read"})), 403, None),
        (lambda caller: replace(caller, scopes=frozenset({"events:read"})), 200, 0),
        (lambda caller: replace(caller, units=("us",)), 200, 0),
        (lambda caller: replace(caller, units=("cn",)), 200, 1),
    ],
    ids=["the feed", "the family", "the unit", "nothing that matters"],
)
async def test_events_are_those_of_the_caller_as_it_is_when_they_come(
    compose, signing_keys, monkeypatch, change, status, told
):
    usual = Authenticator.caller

    async def changed(self: Authenticator, authorization: str | None) -> Caller:
        caller = await usual(self, authorization)
        return change(caller) if caller.client_id == "follower" else caller

    async with serving(compose(), signing_keys) as api:
        answer = waiting(api)
        await asyncio.sleep(0.5)
        monkeypatch.setattr(Authenticator, "caller", changed)
        await api.post("/v1/notes", {"text": "a"})
        answered = await answer

    assert answered.status_code == status
    assert told is None or len(answered.json()) == told
