"""Each call of the REST API, over a port, with an API on another port behind it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import openai
import pytest
from pydantic import BaseModel

from tests.integration.serve.conftest import OTHER
from tests.support.served import KEY, Served
from tests.support.servers.projects import ProjectsServer, refusal
from tests.support.servers.recording import Answer, Recorded
from vsync import __version__
from vsync.embedded import EmbeddedStore
from vsync.serve.rest import answers
from vsync.serve.rest.connections import Connections
from vsync.system.stop import Stop


def requests(api: ProjectsServer) -> Counter[str]:
    return Counter(f"{request.method} {request.path.removeprefix('/v1')}" for request in api.requests)


# --- Lists --------------------------------------------------------------------------------------------------


def test_all_pages_of_the_stores_are_one_array_of_ids(api: ProjectsServer, served: Served) -> None:
    made = [api.make_store(KEY, f"docs-{number}") for number in range(205)]
    answer = served.call("GET", "/vector_stores")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == made
    assert len(api.requests) == 3
    assert served.calls[-1]["upstream_requests"] == 3


def test_details_are_objects_without_the_store_s_secret(api: ProjectsServer, served: Served) -> None:
    api.make_store(KEY, "docs", vsync_source="a/b", vsync_target="t", vsync_owner="o", vsync_nonce="n" * 32)
    [store] = served.call("GET", "/vector_stores?details=true").json()
    assert (store["name"], store["owner"]) == ("docs", {"source": "a/b", "target": "t"})
    assert "n" * 32 not in str(store)


def test_where_the_api_is_not_openai_s_own_the_cost_is_null(api: ProjectsServer, served: Served) -> None:
    api.attach(KEY, api.make_store(KEY, "docs"), api.make_file(KEY))
    [store] = served.call("GET", "/vector_stores?details=true").json()
    assert (store["usage_bytes"] > 0, store["cost_per_day"]) == (True, None)


@pytest.mark.parametrize(
    ("base_url", "priced"),
    [
        (None, True),
        ("https://api.openai.com/v1/", True),
        ("https://eu.api.openai.com/v1", True),
        ("https://api.openai.com.example/v1", False),
    ],
)
def test_prices_hold_for_openai_s_own_api_alone(base_url: str | None, priced: bool) -> None:
    assert Connections(base_url, None, 1, Stop()).priced == priced


def test_filters_sorting_limit_and_after(api: ProjectsServer, served: Served) -> None:
    ids = {name: api.make_store(KEY, name) for name in ("b", "a", "docs-2", "docs-1")}
    assert served.call("GET", "/vector_stores?sort=name").json() == [
        ids[name] for name in ("a", "b", "docs-1", "docs-2")
    ]
    assert served.call("GET", "/vector_stores?sort=-name&limit=1").json() == [ids["docs-2"]]
    assert served.call("GET", "/vector_stores?name=docs-*&name=b").json() == [ids["b"], ids["docs-2"], ids["docs-1"]]
    assert served.call("GET", f"/vector_stores?after={ids['a']}&limit=1").json() == [ids["docs-2"]]
    assert served.call("GET", "/vector_stores?name=nothing").json() == []
    assert served.call("GET", "/vector_stores?older_than=1d").json() == []
    unknown = served.call("GET", "/vector_stores?after=vs_unknown")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_after")


def test_a_limit_ends_the_listing_early(api: ProjectsServer, served: Served) -> None:
    for number in range(150):
        api.make_store(KEY, f"{number}")
    assert len(served.call("GET", "/vector_stores?limit=100").json()) == 100
    assert len(api.requests) == 1


def test_the_files_of_a_store_are_listed_with_path_and_error(api: ProjectsServer, served: Served) -> None:
    store, one, two = api.make_store(KEY, "docs"), api.make_file(KEY, "a.md"), api.make_file(KEY, "b.md")
    api.attach(KEY, store, one, path="docs/a.md")
    api.attach(KEY, store, two, path="b.md")
    assert served.call("GET", f"/vector_stores/{store}/files").json() == [one, two]
    [entry] = served.call("GET", f"/vector_stores/{store}/files?path=docs/*&details=true").json()
    assert (entry["id"], entry["path"], entry["vector_store_id"]) == (one, "docs/a.md", store)
    assert served.call("GET", f"/vector_stores/{store}/files?attribute=path%3Db.*").json() == [two]
    assert served.call("GET", f"/vector_stores/{store}/files?status=failed").json() == []


def test_files_say_on_demand_which_stores_use_them(api: ProjectsServer, served: Served) -> None:
    store, used, unused = api.make_store(KEY, "docs"), api.make_file(KEY, "used.md"), api.make_file(KEY, "unused.md")
    api.attach(KEY, store, used, path="used.md")
    assert sorted(served.call("GET", "/files").json()) == sorted([used, unused])
    assert served.call("GET", "/files?attached=false").json() == [unused]
    assert served.call("GET", f"/files?in_store={store}").json() == [used]
    assert served.call("GET", "/files?name=us*&larger_than=1").json() == [used]
    assert "stores" not in served.call("GET", "/files?details=true").json()[0]
    found = served.call("GET", "/files?details=true&usage=true&sort=-name").json()
    assert [(file["id"], [use["id"] for use in file["stores"]]) for file in found] == [(used, [store]), (unused, [])]


@pytest.mark.parametrize("path", ["/vector_stores/vs_unknown/files", "/vector_stores/vs_unknown/files?details=true"])
def test_a_store_that_does_not_exist_is_404(served: Served, path: str) -> None:
    answer = served.call("GET", path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "vector_store_not_found")


# --- Deletes ------------------------------------------------------------------------------------------------


def test_stores_are_deleted_and_their_files_stay(api: ProjectsServer, served: Served) -> None:
    gone, kept, file = api.make_store(KEY, "a"), api.make_store(KEY, "b"), api.make_file(KEY)
    api.attach(KEY, gone, file)
    answer = served.call("DELETE", "/vector_stores", body={"vector_store_ids": [gone]})
    report = answer.json()
    assert (answer.status_code, report["success"], report["failed"], report["spared"]) == (200, [gone], [], [])
    assert (api.ids(KEY, "/vector_stores"), api.ids(KEY, "/files")) == ([kept], [file])
    assert report["requests"] == {"GET /vector_stores": 1, "DELETE /vector_stores/{id}": 1}


def test_what_failed_stands_in_the_answer_and_makes_it_207(api: ProjectsServer, served: Served) -> None:
    store = api.make_store(KEY, "a")
    ids = [store, "vs_unknown", "no/id", store]
    answer = served.call("DELETE", "/vector_stores", body={"vector_store_ids": ids})
    report = answer.json()
    assert answer.status_code == 207
    assert report["success"] == [store]
    assert [(failed["id"], failed["status_code"]) for failed in report["failed"]] == [
        ("vs_unknown", 404),
        ("no/id", 400),
    ]
    assert report["warnings"] == ["1 id was given more than once."]


def test_what_does_not_exist_can_be_spared(served: Served) -> None:
    answer = served.call("DELETE", "/vector_stores?missing_ok=true", body={"vector_store_ids": ["vs_unknown"]})
    assert (answer.status_code, answer.json()["spared"][0]["id"]) == (200, "vs_unknown")


EMPTY = {"/vector_stores": "vector_store_ids", "/vector_stores/with-files": "vector_store_ids", "/files": "file_ids"}


@pytest.mark.parametrize("path", EMPTY)
def test_an_empty_list_does_nothing_and_says_so(api: ProjectsServer, served: Served, path: str) -> None:
    api.make_store(KEY, "a")
    answer = served.call("DELETE", path, body={EMPTY[path]: []})
    assert answer.status_code == 200
    assert answer.json()["message"].startswith("Nothing was done")
    assert [request.method for request in api.requests] == ["GET"]
    assert served.call("DELETE", path, key="sk-unknown-0123456789", body={EMPTY[path]: []}).status_code == 401


def test_an_empty_list_of_a_store_that_is_gone_says_that_it_is_gone(api: ProjectsServer, served: Served) -> None:
    store = api.make_store(KEY, "a")
    assert served.call("DELETE", f"/vector_stores/{store}/files", body={"file_ids": []}).status_code == 200
    assert served.call("DELETE", "/vector_stores/vs_unknown/files", body={"file_ids": []}).status_code == 404


def test_with_ids_all_says_nothing(api: ProjectsServer, served: Served) -> None:
    first, second = (api.make_store(KEY, name) for name in ("a", "b"))
    answer = served.call("DELETE", "/vector_stores?all=true", body={"vector_store_ids": [first]})
    assert answer.json()["success"] == [first]
    assert api.ids(KEY, "/vector_stores") == [second]


def test_a_dry_run_says_what_would_go_and_deletes_nothing(api: ProjectsServer, served: Served) -> None:
    store, file = api.make_store(KEY, "a"), api.make_file(KEY)
    api.attach(KEY, store, file)
    for path, body in (
        ("/vector_stores", {"vector_store_ids": [store]}),
        ("/vector_stores/with-files", {"vector_store_ids": [store]}),
        (f"/vector_stores/{store}/files", {"file_ids": [file]}),
        (f"/vector_stores/{store}/files/{file}", None),
        ("/files", {"file_ids": [file]}),
    ):
        answer = served.call("DELETE", f"{path}?dry_run=true", body=body)
        assert (answer.status_code, answer.json()["dry_run"]) == (200, True)
        assert answer.json()["success"] in ([store], [file])
    assert {request.method for request in api.requests} == {"GET"}


def test_a_dry_run_that_is_also_none_is_refused(api: ProjectsServer, served: Served) -> None:
    store = api.make_store(KEY, "a")
    body = {"vector_store_ids": [store]}
    answer = served.call("DELETE", "/vector_stores?dry_run=true&dry_run=false", body=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "repeated_parameter")
    assert api.ids(KEY, "/vector_stores") == [store]


def test_a_filter_that_fits_everything_needs_all(api: ProjectsServer, served: Served) -> None:
    stores = [api.make_store(KEY, name) for name in ("a", "b")]
    refused = served.call("DELETE", "/vector_stores", body={"filter": {"name": "*"}})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "needs_all")
    assert api.ids(KEY, "/vector_stores") == stores
    assert "all=true" in refused.json()["error"]["message"]
    shown = served.call("DELETE", "/vector_stores?dry_run=true", body={"filter": {"name": "*"}})
    assert (shown.status_code, shown.json()["success"]) == (200, stores)
    assert "The filter matches everything" in shown.json()["warnings"][0]
    done = served.call("DELETE", "/vector_stores?all=true", body={"filter": {"name": "*"}})
    assert (done.status_code, done.json()["success"]) == (200, stores)


@pytest.mark.parametrize("body", [{}, {"filter": {}}, {"vector_store_ids": ["vs_1"], "filter": {"name": "a"}}])
def test_neither_ids_nor_a_filter_or_both_are_refused(api: ProjectsServer, served: Served, body: object) -> None:
    assert served.call("DELETE", "/vector_stores", body=body).status_code == 400
    assert api.requests == []


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("GET", "/files?nam=x", None, "the query is not known here (allowed: details, "),
        (
            "DELETE",
            "/files?dryrun=true",
            {"file_ids": []},
            "the query is not known here (allowed: dry_run, missing_ok, all)",
        ),
        (
            "DELETE",
            "/vector_stores",
            {"file_ids": []},
            "the body is not known here (allowed: vector_store_ids, filter)",
        ),
        ("DELETE", "/vector_stores/vs_1/files", {"ids": []}, "the body is not known here (allowed: file_ids, filter)"),
        ("DELETE", "/vector_stores", {"filter": {"paths": "x"}}, "filter is not known here (allowed: "),
        ("DELETE", "/vector_stores/vs_1/files", {"filter": {"paths": "x"}}, "path, attribute, status)"),
    ],
)
def test_an_unknown_name_is_refused_with_the_names_that_are_taken(
    served: Served, method: str, path: str, body: object, words: str
) -> None:
    answer = served.call(method, path, body=body)
    assert answer.status_code == 422
    assert words in answer.json()["error"]["message"]


def test_stores_go_with_their_files_but_not_with_shared_ones(api: ProjectsServer, served: Served) -> None:
    gone, kept = api.make_store(KEY, "a"), api.make_store(KEY, "b")
    own, shared = api.make_file(KEY, "own.md"), api.make_file(KEY, "shared.md")
    for store, file in ((gone, own), (gone, shared), (kept, shared)):
        api.attach(KEY, store, file)
    report = served.call("DELETE", "/vector_stores/with-files", body={"filter": {"name": "a"}}).json()
    assert (report["success"], report["files"]["success"]) == ([gone], [own])
    assert [spared["id"] for spared in report["files"]["spared"]] == [shared]
    assert api.ids(KEY, "/files") == [shared]
    report = served.call("DELETE", "/vector_stores/with-files?shared=true", body={"vector_store_ids": [kept]}).json()
    assert (report["success"], report["files"]["success"], api.ids(KEY, "/files")) == ([kept], [shared], [])


def test_files_are_taken_out_of_a_store_alone_or_deleted(api: ProjectsServer, served: Served) -> None:
    store, files = api.make_store(KEY, "a"), [api.make_file(KEY, f"{name}.md") for name in "abc"]
    for file in files:
        api.attach(KEY, store, file, path=file)
    one = served.call("DELETE", f"/vector_stores/{store}/files/{files[0]}")
    assert (one.status_code, one.json()["success"]) == (200, [files[0]])
    assert len(api.ids(KEY, "/files")) == 3
    many = served.call("DELETE", f"/vector_stores/{store}/files?with_files=true", body={"file_ids": [files[1]]})
    assert (many.json()["success"], many.json()["files"]["success"]) == ([files[1]], [files[1]])
    assert sorted(api.ids(KEY, "/files")) == sorted([files[0], files[2]])
    by_filter = served.call("DELETE", f"/vector_stores/{store}/files?all=true", body={"filter": {"path": files[2]}})
    assert by_filter.json()["success"] == [files[2]]
    assert api.ids(KEY, f"/vector_stores/{store}/files") == []


def test_one_file_that_the_store_does_not_list_is_404(api: ProjectsServer, served: Served) -> None:
    store = api.make_store(KEY, "a")
    missing = served.call("DELETE", f"/vector_stores/{store}/files/file-unknown")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    assert served.call("DELETE", f"/vector_stores/{store}/files/file-unknown?missing_ok=true").status_code == 200
    gone = served.call("DELETE", "/vector_stores/vs_unknown/files/file-unknown")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "vector_store_not_found")


def test_files_are_taken_out_of_their_stores_and_deleted(api: ProjectsServer, served: Served) -> None:
    store, used, other = api.make_store(KEY, "a"), api.make_file(KEY), api.make_file(KEY)
    api.attach(KEY, store, used)
    answer = served.call("DELETE", "/files", body={"file_ids": [used, "file-unknown"]})
    assert (answer.status_code, answer.json()["success"]) == (207, [used])
    assert (api.ids(KEY, f"/vector_stores/{store}/files"), api.ids(KEY, "/files")) == ([], [other])


def test_new_files_that_no_store_lists_are_spared_from_a_clean_up(api: ProjectsServer, served: Served) -> None:
    file = api.make_file(KEY)
    report = served.call("DELETE", "/files", body={"filter": {"attached": False}}).json()
    assert (report["success"], len(report["warnings"]), api.ids(KEY, "/files")) == ([], 1, [file])


# --- Answers of every call ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/vector_stores", {"filter": {"name": "*"}}),
        ("/files", {"filter": {"name": "*"}}),
        ("/files", {"filter": {"attached": False}}),
        ("/files", {"filter": {}}),
        ("/files", {"file_ids": ["a.md", "file-none", "file-none"]}),
        ("/files", {"file_ids": [], "filter": {"name": "*"}}),
        ("/vector_stores", {"vector_store_ids": ["docs", "vs_none"]}),
        ("/vector_stores/vs_none/files", {"file_ids": ["file-none"]}),
        ("/vector_stores/with-files?shared=true&dry_run=true", {"vector_store_ids": ["docs"]}),
        ("/nothing", {}),
    ],
)
def test_no_answer_names_an_option_of_the_command_line(
    api: ProjectsServer, served: Served, path: str, body: object
) -> None:
    api.make_store(KEY, "docs")
    api.make_file(KEY, "a.md")
    answer = served.call("DELETE", path, body=body, headers={"host": "localhost"})
    assert "--" not in answer.text
    assert "vsync " not in answer.text


def test_a_name_that_the_server_is_not_known_by_is_refused_without_options(served: Served) -> None:
    answer = served.call("GET", "/files", headers={"host": "evil.example"})
    assert (answer.status_code, answer.json()["error"]["code"], "--" in answer.text) == (400, "unknown_host", False)


def test_what_is_wrong_with_a_key_in_the_middle_is_said_without_options(api: ProjectsServer) -> None:
    stores = [api.make_store(KEY, f"{number}") for number in range(3)]

    def refuse_the_second(request: Recorded, carry: Callable[[], Answer]) -> Answer:
        refused = request.method == "DELETE" and stores[1] in request.path
        return refusal(401, "Incorrect API key provided.", "invalid_api_key") if refused else carry()

    api.intercept = refuse_the_second
    with Served(api.base_url, concurrency=1) as served:
        answer = served.call("DELETE", "/vector_stores", body={"vector_store_ids": stores})
    assert (answer.status_code, answer.json()["success"]) == (207, stores[:1])
    assert answer.json()["error"].endswith("Check the key.")
    assert not [word for word in ("--", "OPENAI_API_KEY", "workflow") if word in answer.text]


def test_another_project_is_not_seen(api: ProjectsServer, served: Served) -> None:
    store = api.make_store(OTHER, "theirs")
    assert served.call("GET", "/vector_stores").json() == []
    assert served.call("DELETE", "/vector_stores", body={"vector_store_ids": [store]}).status_code == 207
    assert api.ids(OTHER, "/vector_stores") == [store]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/vector_stores", "GET, DELETE"),
        ("PUT", "/files", "GET, DELETE"),
        ("GET", "/vector_stores/with-files", "DELETE"),
        ("PATCH", "/vector_stores/vs_1/files/file-1", "DELETE"),
        ("POST", "/health", "GET, HEAD"),
        ("OPTIONS", "/vector_stores", "GET, DELETE"),
    ],
)
def test_another_method_is_405_with_the_methods_that_are_taken(
    served: Served, method: str, path: str, allowed: str
) -> None:
    answer = served.call(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["error"]["code"] == "method_not_allowed"
    assert answer.json()["error"]["message"].endswith(f" It takes {allowed.replace(', ', ' and ')}.")


@pytest.mark.parametrize("path", ["/nothing", "/vector_stores/", "/vector_stores/vs_1", "/v1/vector_stores", "/redoc"])
def test_an_unknown_path_is_404(served: Served, path: str) -> None:
    answer = served.call("GET", path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_path")


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/vector_stores/", "/vector_stores"),
        ("/files//", "/files"),
        ("/vector_stores/vs_1/files/", "/vector_stores/{vector_store_id}/files"),
        ("/docs/", "/docs"),
    ],
)
def test_a_path_with_a_slash_at_its_end_is_404_with_the_right_path(served: Served, path: str, meant: str) -> None:
    answer = served.call("GET", path)
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == f"There is no such path. Use {meant}, without a slash at the end."


def test_the_root_leads_to_the_documentation(served: Served) -> None:
    answer = served.call("GET", "/", key=None)
    assert (answer.status_code, answer.headers["location"]) == (307, "docs")


@pytest.mark.parametrize(
    "path", ["/files%0A", "//files", "/files%20", "/./files", "/FILES", "/vector_stores/%2e%2e/files"]
)
def test_no_spelling_of_a_path_gets_past_the_key(served: Served, path: str) -> None:
    assert served.call("GET", path, key=None).status_code in {401, 404}
    assert served.call("GET", path).status_code in {200, 404}


@pytest.mark.parametrize("path", ["/vector_stores%0A", "/files%0A", "/docs%0A", "/vector_stores%00", "/files%7F"])
def test_a_path_with_a_control_character_at_its_end_is_another_path(
    served: Served, api: ProjectsServer, path: str
) -> None:
    """Else it would lead to the calls past the checks of key, token and body."""
    for method in ("GET", "DELETE"):
        answer = served.call(method, path, key=None, body={"file_ids": ["file-1"]})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_path")
    assert api.requests == []


def test_every_answer_has_a_request_id_which_the_log_has_as_well(served: Served) -> None:
    ids = set()
    for path in ("/health", "/vector_stores", "/nothing", "/vector_stores?sort=no", "/docs"):
        answer = served.call("GET", path)
        ids.add(answer.headers["x-request-id"])
        if answer.status_code >= 400:
            assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert len(ids) == 5
    assert {call["request_id"] for call in served.calls} == ids


def test_the_caller_s_own_request_id_is_kept(served: Served) -> None:
    answer = served.call("GET", "/nothing", headers={"x-request-id": "mine-1"})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "mine-1"
    assert served.calls[-1]["request_id"] == "mine-1"
    answer = served.call("GET", "/nothing", headers={"x-request-id": "<script>"})
    assert answer.headers["x-request-id"] != "<script>"


def test_the_log_names_the_route_and_no_values_of_the_query(served: Served) -> None:
    served.call("GET", "/vector_stores?name=a-private-name")
    assert (served.calls[-1]["path"], served.calls[-1]["route"]) == ("/vector_stores", "/vector_stores")
    assert "a-private-name" not in "".join(served.lines)


def test_health_and_readiness_need_no_key(served: Served, api: ProjectsServer) -> None:
    assert served.call("GET", "/health", key=None).json() == {"status": "ok"}
    assert served.call("GET", "/ready", key=None).json() == {"status": "ok"}
    for path in ("/health", "/ready"):
        answer = served.call("HEAD", path, key=None)
        assert (answer.status_code, answer.content) == (200, b"")
    assert api.requests == []


# --- The documentation --------------------------------------------------------------------------------------


def test_the_documentation_loads_nothing_from_elsewhere(served: Served) -> None:
    page = served.call("GET", "/docs", key=None)
    assert page.status_code == 200
    assert "http" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for name, kind in (
        ("swagger-ui-bundle.js", "text/javascript"),
        ("swagger-ui.css", "text/css"),
        ("start.js", "text/javascript"),
        ("favicon.png", "image/png"),
    ):
        assert f"docs/{name}" in page.text
        file = served.call("GET", f"/docs/{name}", key=None)
        assert (file.status_code, file.headers["content-type"].partition(";")[0]) == (200, kind)


def test_the_description_has_every_call_with_its_errors_and_its_key(served: Served) -> None:
    description = served.call("GET", "/openapi.json", key=None).json()
    assert description["openapi"].startswith("3.1")
    assert description["info"]["version"] == __version__
    operations = {
        f"{method.upper()} {path}": operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }
    assert set(operations) == {
        "GET /vector_stores",
        "DELETE /vector_stores",
        "DELETE /vector_stores/with-files",
        "GET /vector_stores/{vector_store_id}/files",
        "DELETE /vector_stores/{vector_store_id}/files",
        "DELETE /vector_stores/{vector_store_id}/files/{file_id}",
        "GET /files",
        "DELETE /files",
        "GET /health",
        "GET /ready",
    }
    assert len({operation["operationId"] for operation in operations.values()}) == 10
    for name, operation in operations.items():
        if name in {"GET /health", "GET /ready"}:
            assert operation["security"] == []
            continue
        assert operation["security"] == [{"OpenAIKey": []}, {"Bearer": []}]
        assert {"200", "400", "401", "403", "422", "429", "502", "503"} <= set(operation["responses"])
        assert ("207" in operation["responses"]) == name.startswith("DELETE")
        assert all("description" in response for response in operation["responses"].values())
    body = description["components"]["schemas"]["DeleteStores"]
    assert body["properties"]["vector_store_ids"]["maxItems"] == 10_000
    assert "HTTPValidationError" not in description["components"]["schemas"]


def test_a_delete_on_the_page_begins_as_a_dry_run_and_a_call_without_the_parameter_does_not(served: Served) -> None:
    description = served.call("GET", "/openapi.json", key=None).json()
    deletes = [methods["delete"] for methods in description["paths"].values() if "delete" in methods]
    found = [
        (parameter["example"], parameter["schema"]["default"])
        for operation in deletes
        for parameter in operation["parameters"]
        if parameter.get("name") == "dry_run"
    ]
    assert found == [(True, False)] * 5


def test_every_example_of_an_answer_has_the_shape_that_is_described(served: Served) -> None:
    description = served.call("GET", "/openapi.json", key=None).json()
    models: list[type[BaseModel]] = [answers.StoreObject, answers.EntryObject, answers.FileObject, answers.BulkAnswer]
    for model in models:
        example = description["components"]["schemas"][model.__name__]["example"]
        assert set(model.model_json_schema()["required"]) <= set(example)
        model.model_validate(example, strict=True)
    for path in ("/vector_stores", "/vector_stores/{vector_store_id}/files", "/files"):
        content = description["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        ids, objects = (content["examples"][name]["value"] for name in ("ids", "objects"))
        assert ids == [each["id"] for each in objects]


def test_programs_try_the_objects_of_a_list_before_its_ids(served: Served) -> None:
    """A generated client takes the first kind that fits, and takes any item for an id."""
    schemas = served.call("GET", "/openapi.json", key=None).json()["components"]["schemas"]
    for name in ("StoreList", "EntryList", "FileList"):
        objects, ids = schemas[name]["anyOf"]
        assert ("$ref" in objects["items"], ids["items"]) == (True, {"type": "string"})


# --- With the embedded store --------------------------------------------------------------------------------


def test_the_embedded_store_answers_the_calls_and_its_own_api(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "store.db")
    with Served(store=store) as served:
        bearer = {"authorization": "Bearer any"}
        made = served.call("POST", "/v1/vector_stores", key=None, headers=bearer, body={"name": "docs"}).json()["id"]
        assert served.call("GET", "/vector_stores", key="anything").json() == [made]
        assert served.call("GET", "/vector_stores", key=None).status_code == 401
        assert (
            served.call(
                "DELETE", "/vector_stores", key=None, headers=bearer, body={"vector_store_ids": [made]}
            ).status_code
            == 200
        )
        assert served.call("GET", "/v1/vector_stores", key=None, headers=bearer).json()["data"] == []
        assert served.calls[-1]["path"] == "/v1/vector_stores"
    store.close()


def test_the_embedded_store_takes_large_parts_and_runs_batches_for_any_client(tmp_path: Path) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x" * 10_000}]}
    lines = [
        json.dumps({"custom_id": f"id-{n}", "method": "POST", "url": "/v1/chat/completions", "body": body})
        for n in range(700)
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(lines))
    store = EmbeddedStore(tmp_path / "store.db", batch_delay_s=0)
    with (
        Served(store=store) as served,
        openai.OpenAI(api_key="any", base_url=served.url + "/v1", max_retries=0) as client,
    ):
        # A call of the REST API may have 4 MB. That limit is not one of the store's own API.
        upload = client.uploads.upload_file_chunked(
            file=path, mime_type="application/jsonl", purpose="batch", part_size=5_000_000
        )
        assert upload.file is not None
        made = client.batches.create(
            input_file_id=upload.file.id, endpoint="/v1/chat/completions", completion_window="24h"
        )
        batch = client.batches.retrieve(made.id)
        assert (batch.status, batch.output_file_id is None) == ("completed", False)
        assert len(client.files.content(str(batch.output_file_id)).text.splitlines()) == 700
    store.close()
