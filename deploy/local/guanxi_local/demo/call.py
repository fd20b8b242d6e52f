"""Third chapter: a six-star customer calls, and the agent knows who she is before saying a word."""

from dataclasses import dataclass
from functools import partial

from guanxi_local.demo import cast
from guanxi_local.demo.api import Api, Json, wait_for
from guanxi_local.demo.company import Company, person
from guanxi_local.demo.failures import require
from guanxi_local.demo.screen import Screen


@dataclass(frozen=True)
class Desk:
    """The call that is going on, and the agent's own access."""

    contact: str
    agent: Api


def take_the_call(api: Api, screen: Screen, company: Company) -> Desk:
    screen.chapter("来电 · Two calls come in")
    _nobody_is_free(api, screen, company)
    ordinary = _call(
        api,
        screen,
        cast.ORDINARY_PHONE,
        "1",
        customer=company.ordinary,
        who="张伟 calls about an order",
    )
    vip = _call(
        api,
        screen,
        cast.VIP_PHONE,
        "2",
        customer=company.vip,
        who="林晓梅 calls a moment later, about a complaint",
    )
    li_na = api.acting_for(person(cast.AGENT, company.agent))
    wang_qiang = api.acting_for(person(cast.SECOND_AGENT, company.second_agent))
    offer = _comes_back(
        li_na, screen, company.agent, vip, why="and 林晓梅 goes first: six stars, and her own agent"
    )
    _pop_the_screen(li_na, screen, vip)
    _accept(li_na, screen, offer, vip, who=cast.AGENT.name)
    other = _comes_back(
        wang_qiang, screen, company.second_agent, ordinary, why="and takes 张伟, who waited longest"
    )
    _accept(wang_qiang, screen, other, ordinary, who=cast.SECOND_AGENT.name)
    finish_the_call(
        wang_qiang, screen, ordinary, code="order_inquiry", notes="订单已发货，告知预计到达时间。"
    )
    return Desk(vip, li_na)


def finish_the_call(agent: Api, screen: Screen, contact: str, *, code: str, notes: str) -> None:
    with screen.step(f"The call ends; wrapped up as {code}") as results:
        ended = agent.post(
            f"/v1/contacts/{contact}/completion", {"wrap_up_code": code, "notes": notes}
        )
        results.append(f"waited {ended['waited_seconds']} s, now {ended['state']}")
        require(ended["state"] in ("wrapping", "completed"), "the call has ended")


def _nobody_is_free(api: Api, screen: Screen, company: Company) -> None:
    with screen.step("Both agents are in a meeting") as results:
        for colleague, agent in (
            (cast.AGENT, company.agent),
            (cast.SECOND_AGENT, company.second_agent),
        ):
            presence = api.command(f"/v1/agents/{agent}/presence", {"presence": "meeting"})
            results.append(
                f"{colleague.name}: {presence['presence']}, {presence['routing_status']}"
            )
        _end_what_an_earlier_play_left(api, company)


def _end_what_an_earlier_play_left(api: Api, company: Company) -> None:
    """An interrupted play leaves calls behind, which would come first now."""
    for state in ("in_flow", "queued", "offered", "assigned", "on_hold", "wrapping"):
        for contact in list(api.find_all("/v1/contacts", state=state, limit=200)):
            if contact.get("to") == cast.HOTLINE or contact.get("queue_id") == company.queue:
                ended = state in ("assigned", "on_hold", "wrapping")
                move = (
                    ("completion", {"wrap_up_code": "interrupted", "notes": ""})
                    if ended
                    else ("abandonment", {})
                )
                api.post(f"/v1/contacts/{contact['id']}/{move[0]}", move[1])


def _call(api: Api, screen: Screen, phone: str, digits: str, *, customer: str, who: str) -> str:
    with screen.step(f"{who}: {phone} → {cast.HOTLINE}") as results:
        contact = wait_for(
            partial(_known_caller, api, phone, customer),
            what="the news of this number at the contact center",
            within=60,
        )
        results.append(f"IVR: {' '.join(contact['next']['say'].split())}")
        require(contact["state"] == "in_flow", "the call is in the flow")
        queued = api.post(f"/v1/contacts/{contact['id']}/inputs", {"digits": digits})
        results.append(f"pressed {digits}: {queued['state']}, {_stars(queued)}")
        require(queued["customer_id"] == customer, "the caller's number picks the customer")
        require(queued["state"] == "queued", "the call waits in the queue")
        return str(queued["id"])


def _known_caller(api: Api, phone: str, customer: str) -> Json | None:
    """The call of a customer who is known with their stars;
    the news of a name given a moment ago may still be on its way.
    """
    contact = api.post("/v1/contacts", {"channel": "voice", "from": phone, "to": cast.HOTLINE})
    if contact["customer_id"] == customer and contact["tier"] is not None:
        return contact
    api.post(f"/v1/contacts/{contact['id']}/abandonment", {})
    return None


def _comes_back(agent: Api, screen: Screen, agent_id: str, contact: str, *, why: str) -> Json:
    with screen.step(f"An agent comes back from the meeting, {why}") as results:
        agent.command(f"/v1/agents/{agent_id}/presence", {"presence": "available"})

        def look() -> Json | None:
            offers: list[Json] = agent.get(f"/v1/agents/{agent_id}/offers")["items"]
            return offers[0] if offers else None

        offer = wait_for(look, what="the offer")
        require(offer["contact_id"] == contact, "the right call is offered")
        results.append(f"offer {offer['id']}, to be taken until {offer['expires_at']}")
        return offer


def _accept(agent: Api, screen: Screen, offer: Json, contact: str, *, who: str) -> None:
    with screen.step(f"{who} takes the call") as results:
        taken = agent.post(f"/v1/offers/{offer['id']}/acceptance", {})
        results.append(f"{taken['state']} to {taken['agent_id']}")
        require(taken["id"] == contact and taken["state"] == "assigned", "the call is connected")


def _pop_the_screen(agent: Api, screen: Screen, contact: str) -> None:
    with screen.step("来电弹屏 · Her screen shows who is calling") as results:
        pop = agent.get(f"/v1/contacts/{contact}/screen-pop")
        require(
            not pop["degraded"],
            f"the screen pop is complete (missing: {', '.join(pop['degraded'])})",
        )
        scores = {one["name"]: one["value"] for one in pop["scores"]}
        results += [
            f"customer     {pop['customer']['name']}, {_stars(pop)}",
            (
                "scores      "
                f" {', '.join(f'{name} {value}' for name, value in list(scores.items())[:6])}"
            ),
            f"open cases   {len(pop['open_cases'])}",
            f"advice       {_first_line(pop['advice'])}",
            *[f"trail        {_trail_line(entry)}" for entry in pop["trail"][:6]],
            *[f"recommended  {_first_line(one)}" for one in pop["recommendations"][:3]],
        ]


def _trail_line(entry: Json) -> str:
    nodes = entry.get("details", {}).get("nodes", [])
    walked = " → ".join(f"{node.get('node')} {node.get('seconds')} s" for node in nodes)
    return f"{entry['occurred_at'][11:19]} {entry['channel']} {entry['title']}" + (
        f"  ({walked})" if walked else ""
    )


def _stars(about: Json) -> str:
    tier = about.get("tier")
    stars = tier.get("stars") if isinstance(tier, dict) else tier
    return f"{'★' * stars}" if isinstance(stars, int) else "no stars yet"


def _first_line(value: object) -> str:
    if isinstance(value, dict):
        return str(value.get("text") or value.get("title") or value.get("name") or value)
    if isinstance(value, list):
        return _first_line(value[0]) if value else "-"
    return str(value)
