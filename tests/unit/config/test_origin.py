"""Where a run takes place, as the runner tells."""

from __future__ import annotations

import pytest

from vsync.config.origin import origin, repository_url

RUN = {"GITHUB_REPOSITORY": "acme/docs", "GITHUB_RUN_ID": "7"}


@pytest.mark.parametrize(
    ("server", "page"),
    [
        ("https://github.com", "https://github.com/acme/docs"),
        ("https://github.test:8443/", "https://github.test:8443/acme/docs"),
        ("https://me:hunter22@github.test?token=hunter22", "https://github.test/acme/docs"),
        ("me:hunter22@github.test", None),
        ("", None),
    ],
)
def test_the_page_of_a_run_holds_nothing_secret_of_the_servers_address(server: str, page: str | None) -> None:
    environ = {**RUN, "GITHUB_SERVER_URL": server}
    assert repository_url(environ) == page
    assert origin(environ).run_url == (None if page is None else f"{page}/actions/runs/7")
