"""Let Google's own client drive the emulator: what it takes for the API, our client's tests may take for it too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from emulators.amapi import ENTERPRISE, Server, account

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.filterwarnings("ignore")
SCOPE = "https://www.googleapis.com/auth/androidmanagement"


_BUILT: list[Any] = []


@pytest.fixture
def server() -> Iterator[Server]:
    """Give an emulator; the connections that Google's clients keep open are closed after it."""
    with Server() as made:
        yield made
        while _BUILT:
            _BUILT.pop().close()


def client(server: Server, **more: Any) -> Any:
    """Build the client as its documentation says, with a service account whose token comes from the emulator too."""
    discovery = pytest.importorskip("googleapiclient.discovery", reason="run tests/vendor/fetch.py")
    service_account = pytest.importorskip("google.oauth2.service_account")
    token_uri = f"{server.url}/token"
    server.audiences.add(token_uri)
    info = {**account(), "token_uri": token_uri, **more}
    credentials = service_account.Credentials.from_service_account_info(info, scopes=[SCOPE])
    built = discovery.build(
        "androidmanagement",
        "v1",
        credentials=credentials,
        client_options={"api_endpoint": server.url},
        static_discovery=True,
    )
    _BUILT.append(built)
    return built.enterprises()


def test_googles_client_reads_and_writes_policies(server: Server) -> None:
    policies = client(server).policies()
    name = f"{ENTERPRISE}/policies/p"
    body = {"playStoreMode": "BLACKLIST", "funDisabled": True, "smsDisabled": False}
    made = policies.patch(name=name, updateMask="playStoreMode,funDisabled,smsDisabled", body=body).execute()
    assert made == {"name": name, "version": "1", "playStoreMode": "BLACKLIST", "funDisabled": True}
    application = {"packageName": "com.tencent.mm", "installType": "BLOCKED"}
    changes = {"changes": [{"application": application, "updateMask": "installType"}]}
    answer = policies.modifyPolicyApplications(name=name, body=changes).execute()
    assert answer["policy"]["applications"] == [application]
    assert answer["policy"]["version"] == "2"
    cleared = policies.patch(name=name, updateMask="funDisabled", body={}).execute()
    assert "funDisabled" not in cleared
    assert cleared["applications"] == [application]
    left = policies.removePolicyApplications(
        name=name, body={"packageNames": ["com.tencent.mm", "com.other"]}
    ).execute()
    assert "applications" not in left["policy"]
    assert server.maskless == []
    assert policies.patch(name=name, body={"addUserDisabled": True}).execute() == {
        "name": name,
        "version": "5",
        "addUserDisabled": True,
    }
    assert server.maskless == [name]
    assert policies.get(name=name).execute()["version"] == "5"
    assert policies.delete(name=name).execute() == {}


def test_googles_client_goes_through_pages(server: Server) -> None:
    for number in range(25):
        server.seed(f"p{number:02}", {"funDisabled": True})
        server.enroll(f"d{number:02}", policyName="x")
    for kind, one in (("policies", client(server).policies()), ("devices", client(server).devices())):
        names = []
        request = one.list(parent=ENTERPRISE, pageSize=10)
        while request is not None:
            answer = request.execute()
            names += [found["name"] for found in answer[kind]]
            request = one.list_next(request, answer)
        assert len(set(names)) == 25


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"nonsense": 1}, "Unknown name"),
        ({"playStoreMode": "BLOCKLIST"}, "Invalid value at 'policy.play_store_mode'"),
        ({"personalUsagePolicies": {"personalPlayStoreMode": "WHITELIST"}}, "Invalid value"),
        ({"policyEnforcementRules": [{"settingName": "applications"}]}, "must have a block action and a wipe action."),
        ({"applications": [{"installType": "BLOCKED"}]}, "package name"),
        ({"applications": [{"packageName": f"a.b{number}"} for number in range(3_001)]}, "3000"),
        ({"applications": {}}, "repeated"),
        ({"advancedSecurityOverrides": 1}, "Invalid value"),
        ({"applications": [{"packageName": 1}]}, "Invalid value"),
    ],
)
def test_googles_client_understands_the_refusals(server: Server, body: dict[str, Any], said: str) -> None:
    errors = pytest.importorskip("googleapiclient.errors")
    policies = client(server).policies()
    with pytest.raises(errors.HttpError) as bad:
        policies.patch(name=f"{ENTERPRISE}/policies/p", updateMask=",".join(body), body=body).execute()
    assert bad.value.status_code == 400
    assert said in bad.value.reason
    assert server.policies == {}


def test_googles_client_meets_404_304_and_empty_changes(server: Server) -> None:
    errors = pytest.importorskip("googleapiclient.errors")
    policies = client(server).policies()
    name = f"{ENTERPRISE}/policies/p"
    missing = (
        policies.get(name=name),
        policies.delete(name=name),
        policies.modifyPolicyApplications(name=name, body={"changes": []}),
        policies.removePolicyApplications(name=name, body={"packageNames": ["a.b"]}),
        policies.get(name="enterprises/other/policies/p"),
        client(server).devices().list(parent="enterprises/other"),
    )
    for request in missing:
        with pytest.raises(errors.HttpError) as bad:
            request.execute()
        assert bad.value.status_code == 404
    server.seed("p", {"funDisabled": True})
    server.not_modified = True
    with pytest.raises(errors.HttpError) as bad:
        policies.patch(name=name, updateMask="funDisabled", body={"funDisabled": True}).execute()
    assert bad.value.status_code == 304
    for request in (
        policies.modifyPolicyApplications(name=name, body={"changes": []}),
        policies.removePolicyApplications(name=name, body={"packageNames": []}),
        policies.patch(name=name, updateMask="nonsense", body={}),
        policies.patch(name=name, updateMask="a.b", body={}),
        policies.list(parent=ENTERPRISE, pageToken="x"),
    ):
        with pytest.raises(errors.HttpError) as bad:
            request.execute()
        assert bad.value.status_code == 400
    assert policies.list(parent=ENTERPRISE).execute()["policies"][0]["name"] == name
    server.policies.clear()
    assert policies.list(parent=ENTERPRISE).execute() == {}


@pytest.mark.parametrize("wrong", [{"client_email": "else@example.org"}, {"private_key": "other"}])
def test_a_token_needs_the_accounts_own_signature(server: Server, wrong: dict[str, str]) -> None:
    auth = pytest.importorskip("google.auth.exceptions")
    if "private_key" in wrong:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - only here
        from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - only here

        form = serialization.PrivateFormat.PKCS8
        made = rsa.generate_private_key(65537, 2048)
        wrong = {
            "private_key": made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
        }
    with pytest.raises(auth.RefreshError, match="invalid_grant"):
        client(server, **wrong).policies().list(parent=ENTERPRISE).execute()
