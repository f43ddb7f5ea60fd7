"""Whether a run knows all targets of the repository, and which stores they use."""

from __future__ import annotations

import pytest

from vsync.config.target_config import Config, TargetConfig
from vsync.config.targets import Target
from vsync.sync.config_targets import config_targets

DOCS, API = Target("docs", source="acme/site"), Target("api", source="acme/site", vector_store_id="vs_1")


@pytest.mark.parametrize(
    ("config", "chosen", "are_all"),
    [
        (Config(".vsync.yml", (TargetConfig("docs"), TargetConfig("api")), named=True), False, True),
        (Config(".vsync.yml"), False, True),
        (Config(".vsync.yml"), True, False),
        (Config("docs.yml"), False, False),
        (None, False, False),
    ],
    ids=["named targets", "the one target without a name", "chosen targets", "another config", "no config"],
)
def test_only_the_config_at_its_own_place_describes_all_targets(
    config: Config | None, chosen: bool, are_all: bool
) -> None:
    assert config_targets(config, [DOCS], chosen=chosen).are_all is are_all


def test_targets_of_the_config_that_do_not_run_are_known_as_well() -> None:
    config = Config(".vsync.yml", (TargetConfig("docs"), TargetConfig("api")), named=True)
    assert config_targets(config, [DOCS], chosen=True).names == {"docs", "api"}
    assert config_targets(None, [DOCS], chosen=True).names == {"docs"}


def test_the_stores_are_known_by_their_ids_else_by_their_names() -> None:
    assert config_targets(None, [DOCS, API], chosen=False).stores == {"acme/site (docs)", "vs_1"}
