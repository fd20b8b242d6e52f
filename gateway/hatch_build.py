"""Puts the contracts into the wheel, where the gateway finds them without being told:
they lie beside it, or in its sdist.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        here = Path(self.root)
        contracts = next(
            (folder for folder in (here / "openapi", here.parent / "openapi") if folder.is_dir()),
            None,
        )
        if contracts is None:
            raise FileNotFoundError(
                "the contracts: there is no folder openapi here or beside the gateway"
            )
        build_data["force_include"][str(contracts)] = (
            "openapi" if self.target_name == "sdist" else "gateway/openapi"
        )
