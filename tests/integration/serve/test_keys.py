"""Each call speaks with its caller's key. No key is kept, mixed or shown."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import httpx2
import pytest

from tests.integration.serve.conftest import OTHER
from tests.support.served import KEY, Served
from tests.support.servers.projects import ProjectsServer, cookie_of, key_of, refusal
from tests.support.servers.recording import Answer, Recorded
from vsync.embedded import EmbeddedStore
from vsync.serve.rest.app import Access
from vsync.serve.rest.caller import Caller
from vsync.serve.rest.connections import Connections
from vsync.system.stop import Stop

TOKEN = "server-token-0123456789abcdef"


def test_each_request_carries_the_key_organization_and_project_of_its_caller(
    api: ProjectsServer, served: Served
) -> None:
    served.call("GET", "/files", headers={"openai-organization": "org-1", "openai-project": "proj_1"})
    served.call("GET", "/files")
    served.call("GET", "/files", key=OTHER, headers={"openai-project": "proj_2"})
    assert [
        (key_of(request), request.headers.get("openai-organization"), request.headers.get("openai-project"))
        for request in api.requests
    ] == [(KEY, "org-1", "proj_1"), (KEY, None, None), (OTHER, None, "proj_2")]


def test_the_server_s_own_key_organization_and_project_are_never_used(
    api: ProjectsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "of-the-server")
    with Served(api.base_url) as served:
        assert served.call("GET", "/files").status_code == 200
        assert served.call("GET", "/files", key=None).status_code == 401
    [request] = api.requests
    assert "of-the-server" not in str(request)


def test_cookies_of_the_api_stay_with_their_key(api: ProjectsServer, served: Served) -> None:
    for key in (KEY, OTHER, KEY, OTHER):
        served.call("GET", "/files", key=key)
    assert [request.headers.get("cookie") for request in api.requests] == [
        None,
        None,
        f"session={cookie_of(KEY)}",
        f"session={cookie_of(OTHER)}",
    ]


def test_headers_of_a_call_do_not_reach_the_api(api: ProjectsServer, served: Served) -> None:
    served.call("GET", "/files", headers={"cookie": "mine=1", "x-own": "value", "x-request-id": "call-1"})
    [request] = api.requests
    assert not {"cookie", "x-own", "x-openai-api-key"} & request.headers.keys()
    assert "call-1" not in str(request)


def test_calls_of_one_key_share_a_client_and_its_connections(api: ProjectsServer, served: Served) -> None:
    assert served.clients is not None
    for _ in range(3):
        served.call("GET", "/files")
    assert len(served.clients) == 1
    served.call("GET", "/files", headers={"openai-project": "proj_1"})
    served.call("GET", "/files", key=OTHER)
    assert len(served.clients) == 3


def test_a_hundred_callers_at_once_each_see_their_own_project(tmp_path: Path) -> None:
    keys = [f"sk-many-{number:03}-0123456789" for number in range(100)]
    with ProjectsServer(tmp_path, *keys) as api, Served(api.base_url) as served:
        stores = {key: api.make_store(key, f"of {number}") for number, key in enumerate(keys)}

        async def call_all() -> list[list[str]]:
            async with httpx2.AsyncClient(timeout=60, limits=httpx2.Limits(max_connections=100)) as client:

                async def call(key: str) -> list[str]:
                    answer = await client.get(f"{served.url}/vector_stores", headers={"x-openai-api-key": key})
                    found: list[str] = answer.json()
                    return found

                return await asyncio.gather(*map(call, keys * 2))

        assert asyncio.run(call_all()) == [[stores[key]] for key in keys * 2]
        assert sorted(map(key_of, api.requests)) == sorted(keys * 2)
        for request in api.requests:
            cookie = request.headers.get("cookie")
            assert cookie in {None, f"session={cookie_of(key_of(request))}"}
        shown = "".join(served.lines)
    assert not any(key in shown for key in keys)


def test_a_key_that_the_api_refuses_is_401_and_not_shown_although_the_api_repeats_it(
    api: ProjectsServer, served: Served
) -> None:
    wrong = "sk-wrong-0123456789abcdef"
    api.intercept = lambda request, _: refusal(401, f"Incorrect API key provided: {wrong}.", "invalid_api_key")
    answer = served.call("GET", "/files", key=wrong)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (401, "invalid_api_key")
    assert error["upstream"] == {"status": 401, "code": "invalid_api_key", "request_id": "req_0123"}
    assert wrong not in answer.text + "".join(served.lines)


def test_neither_key_nor_token_stands_in_any_answer_or_line_of_the_log(api: ProjectsServer) -> None:
    """Whatever is called with them, and wherever somebody puts them by mistake."""

    def repeated(request: Recorded, carry: object) -> Answer:
        status = 500 if "500" in request.path else 404
        return refusal(status, f"{KEY} and {request.headers['authorization']} at {request.path}", f"{KEY}")

    with Served(api.base_url, access=Access(token=TOKEN), verbose=True) as served:
        both = {"x-vsync-token": TOKEN}
        answers = [served.call("GET", "/files", headers=both)]
        api.intercept = repeated
        for secret in (KEY, TOKEN):
            bodies = [
                {"vector_store_ids": [secret]},
                {secret: 1},
                {"filter": {"older_than": secret}},
                {"filter": {"metadata": {secret: 1}}},
            ]
            answers += [served.call("DELETE", "/vector_stores", headers=both, body=body) for body in bodies]
            answers += [
                served.call("DELETE", "/vector_stores", headers=both, content=f'{{"{secret}"'),
                served.call("GET", f"/vector_stores/{secret}/files", headers=both),
                served.call("GET", f"/{secret}", headers=both),
                served.call("DELETE", f"/vector_stores/vs_500/files/{secret}", headers=both),
                served.call("GET", f"/files?sort={secret}&{secret}=1&after={secret}", headers=both),
                served.call("GET", "/files", headers={**both, "openai-project": f"{secret} x"}),
                served.call("GET", "/files", headers={"x-vsync-token": f"{secret}x"}),
                served.call("GET", "/files", headers={**both, "x-request-id": secret}),
            ]
        shown = "".join(answer.text for answer in answers)
        shown += "".join(value for answer in answers for value in answer.headers.values())
        log = served.lines + served.complaints
        assert len(served.calls) == len(answers)
    kept = [line for line in log if KEY in line or TOKEN in line]
    assert not [secret for secret in (KEY, TOKEN) if secret in shown]
    assert kept == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-vsync-token": TOKEN, "x-openai-api-key": KEY}, 200),
        ({"x-vsync-token": TOKEN, "authorization": f"Bearer {KEY}"}, 200),
        ({"authorization": f"Bearer {TOKEN}", "x-openai-api-key": KEY}, 200),
        ({"x-openai-api-key": KEY}, 401),
        ({"authorization": f"Bearer {KEY}"}, 401),
        ({"x-vsync-token": "no", "x-openai-api-key": KEY}, 401),
        ({"x-vsync-token": TOKEN}, 401),
    ],
)
def test_a_server_with_a_token_asks_for_both(api: ProjectsServer, headers: dict[str, str], status: int) -> None:
    with Served(api.base_url, access=Access(token=TOKEN)) as served:
        answer = served.call("GET", "/files", key=None, headers=headers)
        assert answer.status_code == status
        assert ("www-authenticate" in answer.headers) == (status == 401)
        assert served.call("GET", "/health", key=None).status_code == 200
        security = served.call("GET", "/openapi.json", key=None).json()["paths"]["/files"]["get"]["security"]
    assert len(api.requests) == (status == 200)
    assert all("ServerToken" in way for way in security)


def test_the_token_guards_the_embedded_store_s_own_api_as_well(tmp_path: Path) -> None:
    from vsync.embedded import EmbeddedStore

    store = EmbeddedStore(tmp_path / "store.db")
    with Served(store=store, access=Access(token=TOKEN)) as served:
        for key, status in (("any", 401), (TOKEN, 200)):
            answer = served.call("GET", "/v1/files", key=None, headers={"authorization": f"Bearer {key}"})
            assert answer.status_code == status
    store.close()


def test_as_many_keys_may_call_at_once_as_calls_are_allowed(tmp_path: Path) -> None:
    async def hold(keys: int) -> int:
        with contextlib.closing(EmbeddedStore(tmp_path / "store.db")) as store:
            async with Connections(None, store, 4, Stop()).pool(keys) as clients, contextlib.AsyncExitStack() as calls:
                for number in range(keys):
                    await calls.enter_async_context(clients.of(Caller(f"sk-many-{number:03}-0123456789")))
                return len(clients)

    assert asyncio.run(hold(201)) == 201
