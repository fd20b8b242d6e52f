"""Second chapter: the customers whom everybody knows, the staff, and the contact center as the company wants it."""

from dataclasses import dataclass

from guanxi_local.demo import cast
from guanxi_local.demo.api import Api, Json, Person, wait_for
from guanxi_local.demo.cast import Character, Colleague
from guanxi_local.demo.failures import require
from guanxi_local.demo.screen import Screen

QUEUE = "vip-music-desk"
FLOW = "hotline"
OFFER_SECONDS = 30


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
    vip = _know_the_best_customer(api, screen)
    files = _keep_files(api, screen)
    _relate(api, screen, files, vip)
    queue = _open_the_queue(api, screen)
    agent = _employ(api, screen, cast.AGENT, queue, {"music": 5, "complaints": 4})
    second = _employ(api, screen, cast.SECOND_AGENT, queue, {"music": 3})
    _dedicate(api, screen, vip, agent)
    _publish_the_number(api, screen, queue)
    return Company(vip=vip, ordinary=files[cast.ORDINARY.key], queue=queue, agent=agent, second_agent=second)


def person(colleague: Colleague, agent_id: str | None = None) -> Person:
    """The colleague as the frontend names them to the token endpoint."""
    return Person(colleague.sub, colleague.name, colleague.scopes, colleague.approval_limit, agent_id)


def find_character(api: Api, character: Character) -> Json | None:
    found = api.get("/v1/customers", external=character.external_id)["items"]
    return found[0] if found else None


def _know_the_best_customer(api: Api, screen: Screen) -> str:
    """Gives the customer of the highest lifetime value the name and the phone of the story; a replay finds her again."""
    with screen.step("The customer of the highest lifetime value gets a name: 林晓梅, six stars") as results:
        known = find_character(api, cast.VIP)
        if known is not None:
            results.append(f"known already as {known['id']}")
            return str(known["id"])
        best, value = _highest_value(api)
        file = cast.VIP.file()
        kept = [one for one in best["identifiers"] if one["type"] == "external"]
        patch = {name: file[name] for name in ("name", "language", "time_zone", "unit", "tags", "facts", "source")}
        told = api.patch(f"/v1/customers/{best['id']}", {**patch, "identifiers": [*kept, *_list(file["identifiers"])]})
        results.append(f"{told['name']}, {cast.VIP_PHONE}, lifetime value {value:,.2f} USD in the next twelve months")
        return str(best["id"])


def _highest_value(api: Api) -> tuple[Json, float]:
    def six_stars() -> list[Json] | None:
        return list(api.find_all("/v1/customers", tier_min=6, limit=200)) or None

    candidates = wait_for(six_stars, what="the first customer of six stars", within=60)
    valued = [(_lifetime_value(api, str(one["id"])), one) for one in candidates]
    value, best = max(valued, key=lambda pair: pair[0])
    return best, value


def _lifetime_value(api: Api, customer: str) -> float:
    scores = api.get(f"/v1/customers/{customer}/scores")["scores"]
    return max((float(one["value"]) for one in scores if one["name"] == "clv"), default=0.0)


def _keep_files(api: Api, screen: Screen) -> dict[str, str]:
    with screen.step(f"{len(cast.CHARACTERS) - 1} more customers, in two languages") as results:
        files = {}
        for character in cast.CHARACTERS:
            if character is cast.VIP:
                continue
            known = find_character(api, character) or api.post("/v1/customers", character.file())
            files[character.key] = str(known["id"])
            results.append(f"{known['name']}  {', '.join(character.roles)}  {character.unit}")
        return files


def _relate(api: Api, screen: Screen, files: dict[str, str], vip: str) -> None:
    with screen.step("The telecom group has a branch and key contacts; two customers share a household") as results:
        group = files[cast.GROUP.key]
        present = {one["name"] for one in api.find_all(f"/v1/customers/{group}/contact-persons")}
        for contact in cast.KEY_CONTACTS:
            if contact["name"] not in present:
                api.post(f"/v1/customers/{group}/contact-persons", contact)
            results.append(f"{contact['name']}: {contact['part']}, {contact['stance']}")
        _relate_once(api, files[cast.BRANCH.key], "parent_company", group)
        _relate_once(api, vip, "household", files["lin-zhiyuan"])


def _relate_once(api: Api, customer: str, kind: str, other: str) -> None:
    path = f"/v1/customers/{customer}/relationships"
    if not any(one["type"] == kind and one["other_id"] == other for one in api.find_all(path)):
        api.post(path, {"type": kind, "other_id": other, "valid_from": "2026-01-01"})


def _open_the_queue(api: Api, screen: Screen) -> str:
    with screen.step("A queue that asks for skills and lets them go as the wait grows") as results:
        wanted = {
            "name": QUEUE,
            "channels": ["voice"],
            "skills": [{"name": "music", "level": 3}],
            "service_level": {"seconds": 20, "share": "0.80"},
            "offer_seconds": OFFER_SECONDS,
            "wrap_up_seconds": 30,
            "relaxation": [{"after_seconds": 60, "skills": []}],
        }
        queue = _named(api, "/v1/queues", QUEUE) or api.post("/v1/queues", wanted)
        results.append(f"{queue['name']}: {queue['service_level']['share']} within {queue['service_level']['seconds']} s")
        return str(queue["id"])


def _employ(api: Api, screen: Screen, colleague: Colleague, queue: str, skills: dict[str, int]) -> str:
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
        flow = _named(api, "/v1/flows", FLOW) or api.post("/v1/flows", _hotline(queue))
        known = api.find("/v1/entry-points", lambda one: one["address"] == cast.HOTLINE and one["channel"] == "voice")
        if known is None:
            api.post("/v1/entry-points", {"channel": "voice", "address": cast.HOTLINE, "flow_id": flow["id"]})
        results.append(" → ".join(flow["nodes"]))


def _hotline(queue: str) -> Json:
    """Welcome, a menu, and the music desk; whoever presses nothing useful comes to the desk as well."""
    return {
        "name": FLOW,
        "start": "welcome",
        "nodes": {
            "welcome": {"type": "say", "text": {"zh-CN": "欢迎致电。", "en": "Welcome."}, "next": "topic"},
            "topic": {
                "type": "menu",
                "text": {"zh-CN": "订单请按一，投诉请按二。", "en": "For orders press one, for complaints press two."},
                "choices": {"1": "orders", "2": "complaints"},
                "timeout_seconds": 8,
                "tries": 2,
                "otherwise": "desk",
            },
            "orders": {"type": "set", "skills": {"music": 3}, "next": "desk"},
            "complaints": {"type": "set", "skills": {"music": 3}, "next": "desk"},
            "desk": {"type": "queue", "queue_id": queue},
        },
    }


def _named(api: Api, path: str, name: str) -> Json | None:
    return api.find(path, lambda one: one["name"] == name)


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []
