"""What the wheel holds beside its packages: the sample service, for demonstrations where there is no checkout."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class SampleService(BuildHookInterface[Any]):
    """Put the service beside the demonstration; an editable install finds it among the examples."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            for name in ("advice.py", "coach.py"):
                build_data["force_include"][f"examples/coach_energie/{name}"] = f"cockpit/demo/coach_energie/{name}"
