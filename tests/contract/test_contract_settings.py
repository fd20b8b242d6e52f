"""Every setting of every room is described where whoever runs it looks."""

import re

from service_kit.process.settings import ServiceSettings

from tests.contract.rooms import ROOT, Room

KIT_README = ROOT / "services" / "_kit" / "README.md"


def variable(name: str) -> str:
    return f"GUANXI_{name.upper()}"


def test_every_setting_says_what_it_is(own_room: Room):
    shared = ServiceSettings.model_fields
    undescribed = [
        name
        for name, field in own_room.settings.model_fields.items()
        if not (field.description or name in shared)
    ]

    assert undescribed == []


def test_every_setting_stands_in_the_readme_of_its_room(own_room: Room):
    """The settings that all rooms share stand once, in the kit's README,
    which the room's README names.
    """
    readme = (own_room.folder / "README.md").read_text("utf-8")
    shared = set() if own_room.package == "gateway" else ServiceSettings.model_fields.keys()

    missing = [
        variable(name)
        for name in own_room.settings.model_fields
        if name not in shared and not names(readme, name)
    ]

    assert missing == []
    assert not shared or "_kit/README.md" in readme


def test_the_settings_that_all_rooms_share_stand_in_the_readme_of_the_kit():
    readme = KIT_README.read_text("utf-8")

    assert [
        variable(name) for name in ServiceSettings.model_fields if not names(readme, name)
    ] == []


def names(text: str, setting: str) -> bool:
    return re.search(rf"\b{variable(setting)}\b", text) is not None


def test_a_readme_names_no_setting_that_is_not_there(own_room: Room):
    readme = (own_room.folder / "README.md").read_text("utf-8")
    known = {variable(name) for name in own_room.settings.model_fields}
    others = {"GUANXI_HOME", "GUANXI_NEW_CLIENT_SECRET", "GUANXI_TEST_DATABASE_URL"}

    assert set(re.findall(r"\bGUANXI_[A-Z_]+\b", readme)) - known - others == set()


def test_every_room_starts_with_no_setting_but_its_schema(own_room: Room, monkeypatch):
    """Defaults are for development; nothing is required but what has a default."""
    for name in own_room.settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)

    assert issubclass(own_room.settings, ServiceSettings)
    assert own_room.settings().database_schema == own_room.package
