"""Second chapter: the customers whom everybody knows, the staff,
and the contact center as the company wants it.
"""

from dataclasses import dataclass

from guanxi_local.demo import cast, sheets
from guanxi_local.demo.api import Api, Json, Person, wait_for
from guanxi_local.demo.cast import Character, Colleague
from guanxi_local.demo.failures import require
from guanxi_local.demo.screen import Screen

QUEUE = "vip-music-desk"
FLOW = "hotline"
OFFER_SECONDS = 30
CANDIDATES = 40


@dataclass(frozen=True)
class Company:
    """What the later chapters need to know of what was set up."""

    vip: str
    ordinary: str
    queue: str
    agent: str
    second_agent: str


def set_up(api: Api, screen: Screen) -> Company:
    screen.chapter("公司 · The company, its customers and its contact center")
    files = _know_buyers(api, screen) | _keep_files(api, screen)
    vip = files[cast.VIP.key]
    _relate(api, screen, files)
    _agree(api, screen, vip)
    queue = _open_the_queue(api, screen)
    agent = _employ(api, screen, cast.AGENT, queue, {"music": 5, "complaints": 4})
    second = _employ(api, screen, cast.SECOND_AGENT, queue, {"music": 3})
    _dedicate(api, screen, vip, agent)
    _publish_the_number(api, screen, queue)
    return Company(
        vip=vip, ordinary=files[cast.ORDINARY.key], queue=queue, agent=agent, second_agent=second
    )


def person(colleague: Colleague, agent_id: str | None = None) -> Person:
    """The colleague as the frontend names them to the token endpoint."""
    return Person(
        colleague.sub, colleague.name, colleague.scopes, colleague.approval_limit, agent_id
    )


def find_character(api: Api, character: Character) -> Json | None:
    found = api.get("/v1/customers", external=character.external_id)["items"]
    return found[0] if found else None


def _know_buyers(api: Api, screen: Screen) -> dict[str, str]:
    """Two of the imported customers get the names and phones of the story;
    a replay finds them again, with the names of the sheet.
    """
    with screen.step(
        "Two of the imported customers become 林晓梅, the most valuable of all, and 张伟, of three"
        " stars"
    ) as results:
        files = {}
        for character, stars in ((cast.VIP, 6), (cast.ORDINARY, 3)):
            known = _name(
                api, character, find_character(api, character) or _most_valuable(api, stars=stars)
            )
            files[character.key] = str(known["id"])
            value = _lifetime_value(api, str(known["id"]))
            results.append(
                f"{known['name']}, {character.phone}: worth {value:,.2f} USD in the next twelve"
                " months"
            )
        return files


def _most_valuable(api: Api, *, stars: int) -> Json:
    """Of the first candidates with so many stars the one of the highest lifetime value;
    tiers reach the files by news.
    """

    def look() -> list[Json] | None:
        files = api.find_all("/v1/customers", tier_min=stars, limit=200)
        found = [file for file in files if file["tier"]["stars"] == stars][:CANDIDATES]
        return found or None

    candidates = wait_for(look, what=f"the first customer of {stars} stars", within=60)
    return max(candidates, key=lambda file: _lifetime_value(api, str(file["id"])))


def _name(api: Api, character: Character, imported: Json) -> Json:
    file = character.file()
    kept = [
        {name: one[name] for name in ("type", "system", "value")}
        for one in imported["identifiers"]
        if one["system"] == sheets.SYSTEM
    ]
    patch = {
        name: file[name]
        for name in ("name", "language", "time_zone", "unit", "tags", "facts", "source")
    }
    return api.patch(
        f"/v1/customers/{imported['id']}",
        {**patch, "identifiers": [*kept, *character.identifiers()]},
    )


def _lifetime_value(api: Api, customer: str) -> float:
    scores = api.get(f"/v1/customers/{customer}/scores")["scores"]
    return max((float(one["value"]) for one in scores if one["name"] == "clv"), default=0.0)


def _keep_files(api: Api, screen: Screen) -> dict[str, str]:
    with screen.step(f"{len(cast.CHARACTERS) - 2} more customers, in two languages") as results:
        files = {}
        for character in cast.CHARACTERS:
            if character in (cast.VIP, cast.ORDINARY):
                continue
            known = find_character(api, character) or api.post("/v1/customers", character.file())
            files[character.key] = str(known["id"])
            results.append(f"{known['name']}  {', '.join(character.roles)}  {character.unit}")
        return files


def _relate(api: Api, screen: Screen, files: dict[str, str]) -> None:
    with screen.step(
        "The telecom group has a branch and key contacts; two customers share a household"
    ) as results:
        group = files[cast.GROUP.key]
        present = {one["name"] for one in api.find_all(f"/v1/customers/{group}/contact-persons")}
        for contact in cast.KEY_CONTACTS:
            if contact["name"] not in present:
                api.post(f"/v1/customers/{group}/contact-persons", contact)
            results.append(f"{contact['name']}: {contact['part']}, {contact['stance']}")
        _relate_once(api, files[cast.BRANCH.key], "parent_company", group)
        _relate_once(api, files[cast.VIP.key], "household", files["lin-zhiyuan"])


def _relate_once(api: Api, customer: str, kind: str, other: str) -> None:
    path = f"/v1/customers/{customer}/relationships"
    if not any(one["type"] == kind and one["other_id"] == other for one in api.find_all(path)):
        api.post(path, {"type": kind, "other_id": other, "valid_from": "2026-01-01T00:00:00+08:00"})


def _agree(api: Api, screen: Screen, customer: str) -> None:
    with screen.step("林晓梅 agrees to be called for her care") as results:
        if (
            api.find(
                "/v1/consents",
                lambda one: one["purpose"] == "care" and one["status"] == "granted",
                customer_id=customer,
            )
            is None
        ):
            told = {
                "customer_id": customer,
                "purpose": "care",
                "channel": "voice",
                "status": "granted",
                "source": "card",
            }
            api.post("/v1/consents", told)
        asked = {"purpose": "care", "channel": "voice", "at": "2026-11-24T10:00:00+08:00"}
        decision = api.get(f"/v1/customers/{customer}/contact-decision", **asked)
        results.append(
            "may we call on Tuesday at ten?"
            f" {'yes' if decision['allowed'] else decision['reasons']}"
        )


def _open_the_queue(api: Api, screen: Screen) -> str:
    with screen.step("A queue that asks for skills and lets them go as the wait grows") as results:
        wanted = {
            "name": QUEUE,
            "channels": ["voice"],
            "skills": [{"name": "music", "level": 3}],
            "service_level": {"seconds": 20, "share": "0.80"},
            "offer_seconds": OFFER_SECONDS,
            "wrap_up_seconds": 1,
            "relaxation": [{"after_seconds": 60, "skills": []}],
        }
        queue = _named(api, "/v1/queues", QUEUE) or api.post("/v1/queues", wanted)
        results.append(
            f"{queue['name']}: {queue['service_level']['share']} within"
            f" {queue['service_level']['seconds']} s"
        )
        return str(queue["id"])


def _employ(
    api: Api, screen: Screen, colleague: Colleague, queue: str, skills: dict[str, int]
) -> str:
    with screen.step(f"{colleague.name} ({colleague.sub}) works at it") as results:
        wanted = {
            "name": colleague.name,
            "skills": [{"name": name, "level": level} for name, level in skills.items()],
            "capacity": {"voice": 1, "chat": 3},
            "queues": [queue],
            "languages": ["zh-CN", "en"],
        }
        agent = _named(api, "/v1/agents", colleague.name) or api.post("/v1/agents", wanted)
        results.append(", ".join(f"{one['name']} {one['level']}" for one in agent["skills"]))
        return str(agent["id"])


def _dedicate(api: Api, screen: Screen, vip: str, agent: str) -> None:
    with screen.step(f"{cast.AGENT.name} is the dedicated agent of 林晓梅"):
        dedicated = api.put(f"/v1/dedicated-agents/{vip}", {"agent_id": agent})
        require(dedicated["agent_id"] == agent, "the dedicated agent is kept")


def _publish_the_number(api: Api, screen: Screen, queue: str) -> None:
    with screen.step(f"Calls to {cast.HOTLINE} go through an IVR flow") as results:
        drawn = _hotline(queue)
        flow = _named(api, "/v1/flows", FLOW) or api.post("/v1/flows", drawn)
        known = api.find(
            "/v1/entry-points",
            lambda one: one["address"] == cast.HOTLINE and one["channel"] == "voice",
        )
        if known is None:
            api.post(
                "/v1/entry-points",
                {"channel": "voice", "address": cast.HOTLINE, "flow_id": flow["id"]},
            )
        results.append(" → ".join(drawn["nodes"]))


def _hotline(queue: str) -> Json:
    """Welcome, a menu, and the music desk;
    whoever presses nothing useful comes to the desk as well.
    """
    return {
        "name": FLOW,
        "start": "welcome",
        "nodes": {
            "welcome": {
                "type": "say",
                "text": {"zh-CN": "欢迎致电。", "en": "Welcome."},
                "next": "topic",
            },
            "topic": {
                "type": "menu",
                "text": {
                    "zh-CN": "订单请按一，投诉请按二。",
                    "en": "For orders press one, for complaints press two.",
                },
                "choices": {"1": "orders", "2": "complaints"},
                "timeout_seconds": 8,
                "tries": 2,
                "otherwise": "desk",
            },
            "orders": {"type": "set", "skills": [{"name": "music", "level": 3}], "next": "desk"},
            "complaints": {
                "type": "set",
                "skills": [{"name": "music", "level": 3}],
                "next": "desk",
            },
            "desk": {"type": "queue", "queue_id": queue},
        },
    }


def _named(api: Api, path: str, name: str) -> Json | None:
    return api.find(path, lambda one: one["name"] == name)
