"""Stand in for Microsoft Graph's Intune part, and for the login that gives its tokens.

It shares no code with the product's client. What it rewrites and refuses is what the real service is known to: the source
stands beside each. `python -m tests.emulators.graph` runs it by hand.
"""

from __future__ import annotations

import base64
import copy
import datetime as dt
import hashlib
import json
import re
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from emulators.base import Answer, Emulator, Request, reply, run_by_hand
from emulators.graph_approval import ApprovalDesk
from emulators.graph_types import DEFAULTS, check_config, check_policy, check_target

if TYPE_CHECKING:
    from cryptography import x509

    from emulators.faults import Fault

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "99999999-8888-7777-6666-555555555555"
SECRET = "canary-graph-client-secret"  # noqa: S105 - a canary, it opens nothing
HOSTS = {
    "public": "https://graph.microsoft.com",
    "gcc": "https://graph.microsoft.com",
    "gcc-high": "https://graph.microsoft.us",
    "dod": "https://dod-graph.microsoft.us",
}
_PATH = re.compile(
    r"/(v1\.0|beta)/(?:deviceManagement|deviceAppManagement)"
    r"/(deviceConfigurations|configurationPolicies|deviceCompliancePolicies|mobileApps|mobileAppConfigurations)(?:/([^/]+)(?:/(.+))?)?"
)
_REPORT = re.compile(r"/beta/deviceManagement/reports/getConfigurationPolicyDeviceSummaryReport")
_PLAIN = re.compile(r"getOmaSettingPlainTextValue\(secretReferenceValueId='([^']+)'\)")
_FIXED = {
    "allDevicesAssignmentTarget": "adadadad-808e-44e2-905a-0b7873a8a531",
    "allLicensedUsersAssignmentTarget": "acacacac-9df4-4c7d-9d50-4ef0226f57a9",
}
_MASKED = ("#microsoft.graph.omaSettingString", "#microsoft.graph.omaSettingStringXml")
_START = dt.datetime(2026, 11, 25, 10, tzinfo=dt.UTC)
_COLUMNS = ("InProgress", "Compliant", "NonCompliant", "Error", "Conflict", "NotApplicable")


class GraphServer(Emulator):
    """Keep settings catalog policies and device configurations of one tenant in one cloud.

    `page` is how many entries a page of a listing has. `overviews` and `summaries` are counts that devices have
    reported, by the object's id. `certificate` is what the application registered, where it proves itself by one.
    """

    def __init__(self, *, cloud: str = "public", certificate: x509.Certificate | None = None, **known: Any) -> None:
        """Start with an empty tenant."""
        super().__init__(**known)
        self.cloud = cloud
        self.certificate = certificate
        self.page = 2
        self.objects: dict[str, dict[str, Any]] = {}
        self.seeded: list[str] = []
        self.overviews: dict[str, dict[str, int]] = {}
        self.summaries: dict[str, dict[str, int]] = {}
        self.tokens: set[str] = set()
        self.used: set[str] = set()
        self.hidden: set[str] = set()
        """Nodes whose plain text Graph refuses to give."""
        self.ticks = 0
        self.desk = ApprovalDesk(self._now)

    # --- state ---------------------------------------------------------------------------------------------------

    def snapshot(self) -> Any:
        """Copy the objects."""
        return copy.deepcopy(self.objects)

    def handle_stale(self, request: Request, state: Any) -> Answer:
        """Answer from older objects."""
        now, self.objects = self.objects, state
        try:
            return self.handle(request)
        finally:
            self.objects = now

    def foreign(self) -> Any:
        """Return the objects that were there before anybody pushed."""
        return {id_: copy.deepcopy(self.objects.get(id_)) for id_ in self.seeded}

    def seed(self, collection: str, body: dict[str, Any], assignments: list[dict[str, Any]] | None = None) -> str:
        """Put an object there as a person would in the console."""
        made = self._new(collection, body)
        self.objects[made]["assignments"] = self._assigned(made, assignments or [])
        self.seeded.append(made)
        return made

    def expire(self) -> None:
        """Let every token expire."""
        self.tokens.clear()

    def _now(self) -> str:
        self.ticks += 1
        return (_START + dt.timedelta(seconds=self.ticks)).isoformat().replace("+00:00", ".0000000Z")

    def _new(self, collection: str, body: dict[str, Any]) -> str:
        now = self._now()
        made = str(uuid.uuid5(uuid.NAMESPACE_URL, f"graph {self.ticks}"))
        data = {"createdDateTime": now, "lastModifiedDateTime": now, "version": 1, **DEFAULTS.get(_type(body), {})}
        self.objects[made] = {"collection": collection, "data": data, "assignments": []}
        self._put(made, body)
        return made

    def _put(self, id_: str, body: dict[str, Any]) -> None:
        """Store keys as the service does: in an order of its own, nothing that is read-only taken over."""
        kept = {k: v for k, v in body.items() if k not in ("id", "version", "settingCount", "assignments")}
        for key in ("appsVisibilityList", "personalProfilePersonalApplications"):
            if isinstance(kept.get(key), list):
                kept[key] = sorted(kept[key], key=lambda one: str(one["appId"]), reverse=True)
        for setting in kept.get("omaSettings") or ():
            if setting["@odata.type"] in _MASKED:
                setting["secretReferenceValueId"] = f"{TENANT}_{id_}_{uuid.uuid5(uuid.UUID(id_), self._now())}"
        self.objects[id_]["data"].update(kept)

    # --- answers -------------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Answer:
        """Answer one call as Graph does."""
        if request.path.endswith("/oauth2/v2.0/token"):
            return self._token(request)
        if request.path == "/second-admin":
            return reply(self.desk.decide(request.json(), self._carried))
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            said = "Lifetime validation failed, the token is expired."
            return self._error(401, "InvalidAuthenticationToken", said, ("WWW-Authenticate", 'Bearer realm=""'))
        if request.method in ("POST", "PUT", "PATCH") and not _is_json(request):
            return self._error(400, "BadRequest", "Unable to read JSON request payload.")
        if request.method == "POST" and _REPORT.fullmatch(request.path):
            return self._report(request.json())
        if (asked := self.desk.listed(request.path)) is not None and request.method == "GET":
            if not self.desk.readable:
                return self._error(403, "Forbidden", "Application is not authorized to perform this operation.")
            return self._listing(request, asked)
        found = _PATH.fullmatch(request.path)
        if found is None or (found[1] == "v1.0" and found[2] == "configurationPolicies"):
            segment = request.path.rsplit("/", 1)[-1]
            return self._error(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
        collection, id_ = found[2], unquote(found[3] or "")
        if not id_:
            return self._carried(request)
        known = self.objects.get(id_)
        if known is None or known["collection"] != collection:
            return self._error(404, "ResourceNotFound", f"Resource '{id_}' does not exist or one of its queried parts.")
        return self._carried(request)

    def _carried(self, request: Request, *, asks: bool = True) -> Answer:
        """Carry a call out, a write that a second person has to approve only with an approved code."""
        found = _PATH.fullmatch(request.path)
        assert found is not None
        api, collection, id_, rest = found[1], found[2], unquote(found[3] or ""), unquote(found[4] or "")
        refused = self.desk.gate(request, collection, id_) if asks and request.method != "GET" else None
        if refused is not None:
            return refused
        if not id_:
            answer = self._collection(request, api, collection)
        else:
            answer = self._part(request, api, id_, rest) if rest else self._object(request, api, id_)
        self.desk.complete(request, answer)
        return answer

    def serve(self, request: Request) -> tuple[int, Fault | None]:
        """Count a call, but for what the second administrator does in the console."""
        return (-1, None) if request.path == "/second-admin" else super().serve(request)

    def _error(self, status: int, code: str, message: str, *headers: tuple[str, str]) -> Answer:
        inner = {"date": "2026-11-25T10:00:00", "request-id": str(uuid.UUID(int=status)), "client-request-id": "0"}
        return reply({"error": {"code": code, "message": message, "innerError": inner}}, status, headers)

    def _collection(self, request: Request, api: str, collection: str) -> Answer:
        if request.method == "GET":
            shown = [
                self._shown(id_, api, whole=collection != "configurationPolicies")
                for id_, one in self.objects.items()
                if one["collection"] == collection
            ]
            return self._listing(request, shown)
        if request.method != "POST":
            return self._error(405, "Request_BadRequest", "The method is not allowed.")
        body = request.json()
        wrong = check_policy(body) if collection == "configurationPolicies" else check_config(body, api, new=True)
        if wrong:
            return self._error(400, *wrong)
        made = self._new(collection, body)
        return reply(self._shown(made, api), 201)

    def _object(self, request: Request, api: str, id_: str) -> Answer:
        known = self.objects[id_]
        if request.method == "GET":
            return _bom(reply(self._shown(id_, api, whole=known["collection"] != "configurationPolicies")))
        if request.method == "DELETE":
            del self.objects[id_]
            return Answer(204)
        body = request.json()
        if known["collection"] == "configurationPolicies":
            wrong = _patched(body) if request.method == "PATCH" else check_policy(body)
        elif request.method == "PUT":
            return self._error(405, "Request_BadRequest", "The method is not allowed.")
        else:
            wrong = check_config(body, api, new=False)
            if not wrong and body["@odata.type"] != known["data"]["@odata.type"]:
                wrong = ("BadRequest", "The type of the resource cannot be changed.")
        if wrong:
            return self._error(400, *wrong)
        self._put(id_, body)
        known["data"]["lastModifiedDateTime"] = self._now()
        known["data"]["version"] += 1
        return Answer(204) if request.method == "PUT" else reply(self._shown(id_, api))

    def _part(self, request: Request, api: str, id_: str, rest: str) -> Answer:
        known = self.objects[id_]
        if request.method == "POST" and rest == "assign":
            return self._assign(request, api, id_)
        if request.method == "GET" and rest == "assignments":
            return self._listing(request, [_narrow(one, api) for one in known["assignments"]])
        if request.method == "GET" and rest == "settings" and known["collection"] == "configurationPolicies":
            return self._listing(request, self._settings(id_))
        if request.method == "GET" and rest == "deviceStatusOverview":
            counts = dict.fromkeys(("pending", "notApplicable", "success", "error", "failed"), 0)
            shown = {f"{name}Count": count for name, count in counts.items()} | self.overviews.get(id_, {})
            version = {"configurationVersion": known["data"]["version"], "lastUpdateDateTime": "2026-11-25T10:00:00Z"}
            return reply({"id": id_, **version, **shown})
        plain = _PLAIN.fullmatch(rest)
        if request.method == "GET" and plain is not None:
            return self._plain(id_, plain[1])
        said = f"No OData route exists that match template ~/singleton/navigation/key/{rest} with http verb {request.method}"
        return self._error(400, "No method match route template", said)

    def _plain(self, id_: str, secret: str) -> Answer:
        for setting in self.objects[id_]["data"].get("omaSettings") or ():
            if setting.get("secretReferenceValueId") == secret and setting["omaUri"] not in self.hidden:
                return reply({"@odata.context": f"{self.url}/beta/$metadata#Edm.String", "value": setting["value"]})
        return self._error(403, "Forbidden", "The application may not read this secret.")

    def _assign(self, request: Request, api: str, id_: str) -> Answer:
        given = request.json().get("assignments")
        if not isinstance(given, list):
            return self._error(400, "BadRequest", "The parameter 'assignments' is missing.")
        wrong = next((said for one in given if (said := check_target(one, api))), "")
        if wrong:
            return self._error(400, "BadRequest", wrong)
        self.objects[id_]["assignments"] = self._assigned(id_, given)
        return reply({"@odata.context": "", "value": [_narrow(one, api) for one in self.objects[id_]["assignments"]]})

    def _assigned(self, id_: str, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Keep assignments as Intune tells them: with ids, and a filter's keys even where there is none."""
        made = {}
        for one in given:
            target = {
                "deviceAndAppManagementAssignmentFilterId": None,
                "deviceAndAppManagementAssignmentFilterType": "none",
                **one["target"],
            }
            group = target.get("groupId") or target.get("collectionId") or _FIXED[_type(target)]
            made[f"{id_}_{group}"] = {"source": "direct", "sourceId": id_, "target": target}
            if self.objects[id_]["collection"] == "deviceConfigurations":
                made[f"{id_}_{group}"]["intent"] = "apply"
        return [{"id": key, **made[key]} for key in sorted(made, reverse=True)]

    def _report(self, body: dict[str, Any]) -> Answer:
        found = re.search(r"PolicyId eq '([^']+)'", str(body.get("filter")))
        rows = []
        if found is not None and found[1] in self.summaries:
            rows = [[found[1], *(self.summaries[found[1]].get(name, 0) for name in _COLUMNS)]]
        names = ["PolicyId", *(f"NumberOf{name}Devices" for name in _COLUMNS)]
        schema = [{"Column": name, "PropertyType": "Int64" if at else "String"} for at, name in enumerate(names)]
        return reply({"TotalRowCount": len(rows), "Schema": schema, "Values": rows, "SessionId": ""})

    # --- how objects are shown -----------------------------------------------------------------------------------

    def _shown(self, id_: str, api: str, *, whole: bool = True) -> dict[str, Any]:
        known = self.objects[id_]
        data = copy.deepcopy(known["data"])
        if known["collection"] == "configurationPolicies":
            return self._policy(id_, data, whole=whole)
        beta = DEFAULTS["beta only"]
        shown = {key: value for key, value in data.items() if api == "beta" or key not in beta}
        for setting in shown.get("omaSettings") or ():
            secret = setting.pop("secretReferenceValueId", None)
            if secret is not None:
                setting["value"] = "****"
                if api == "beta":
                    setting |= {"isEncrypted": True, "secretReferenceValueId": secret}
            elif api == "beta":
                setting |= {"isEncrypted": False, "secretReferenceValueId": None}
        context = f"{self.url}/{api}/$metadata#deviceManagement/deviceConfigurations/$entity"
        return {"@odata.context": context, "@odata.type": shown.pop("@odata.type"), "id": id_, **shown}

    def _policy(self, id_: str, data: dict[str, Any], *, whole: bool) -> dict[str, Any]:
        settings = data.pop("settings")
        del data["version"]
        data["templateReference"] = {
            **data["templateReference"],
            "templateFamily": "none",
            "templateDisplayName": None,
            "templateDisplayVersion": None,
        }
        counted = {"settingCount": len(settings), "isAssigned": bool(self.objects[id_]["assignments"])}
        extra = {"creationSource": None, "priorityMetaData": None, "roleScopeTagIds": ["0"]}
        shown = {"@odata.context": f"{self.url}/beta/$metadata#x/$entity", "id": id_, **extra, **data, **counted}
        return {**shown, "settings": self._settings(id_)} if whole else shown

    def _settings(self, id_: str) -> list[dict[str, Any]]:
        """Return the settings with ids of their own and every null written out."""
        found = copy.deepcopy(self.objects[id_]["data"]["settings"])
        return [{"id": str(at), "settingInstance": _filled(one["settingInstance"])} for at, one in enumerate(found)]

    def _listing(self, request: Request, values: list[dict[str, Any]]) -> Answer:
        start = int(request.query.get("$skiptoken", "0"))
        page = min(self.page, int(request.query.get("$top", "1000")))
        made: dict[str, Any] = {"@odata.context": f"{self.url}{request.path}#x", "value": values[start : start + page]}
        if start + page < len(values):
            made["@odata.nextLink"] = f"{self.url}{request.path}?$skiptoken={start + page}"
        return _bom(reply(made))

    # --- the login -----------------------------------------------------------------------------------------------

    def _token(self, request: Request) -> Answer:
        form = {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
        wrong = self._who(request, form) or self._what_for(request, form)
        if wrong:
            code, status, said = wrong
            parts = {"error": code, "error_description": said, "error_codes": [7000215], "trace_id": "0"}
            return reply(parts, status)
        token = f"canary-token-{uuid.uuid5(uuid.NAMESPACE_URL, self._now())}"
        self.tokens.add(token)
        return reply({"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token})

    def _what_for(self, request: Request, form: dict[str, str]) -> tuple[str, int, str] | None:
        scope = form.get("scope", "")
        if not request.path.startswith(f"/{TENANT}/"):
            return ("invalid_request", 400, "AADSTS90002: Tenant not found.")
        if scope in (f"{self.url}/.default", f"{HOSTS[self.cloud]}/.default"):
            return None
        if scope.removesuffix("/.default") in HOSTS.values():
            return (
                "invalid_request",
                400,
                "AADSTS900382: Confidential Client is not supported in Cross Cloud request.",
            )
        return (
            "invalid_scope",
            400,
            f"AADSTS70011: The provided value for the input parameter 'scope' is not valid: {scope}",
        )

    def _who(self, request: Request, form: dict[str, str]) -> tuple[str, int, str] | None:
        if form.get("grant_type") != "client_credentials":
            return ("unsupported_grant_type", 400, "AADSTS70003: The app requested an unsupported grant type.")
        if form.get("client_id") != CLIENT:
            return ("unauthorized_client", 400, "AADSTS700016: Application was not found in the directory.")
        if "client_assertion" in form:
            return self._asserted(request, form)
        if form.get("client_secret") != SECRET:
            return ("invalid_client", 401, "AADSTS7000215: Invalid client secret provided.")
        return None

    def _asserted(self, request: Request, form: dict[str, str]) -> tuple[str, int, str] | None:
        """Check an assertion as "certificate credentials" of the identity platform asks: PS256, x5t#S256, short life."""
        bad = (
            "invalid_client",
            401,
            "AADSTS700027: The certificate with identifier used to sign the assertion is wrong.",
        )
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        if self.certificate is None or form.get("client_assertion_type") != kind:
            return bad
        key = self.certificate.public_key()
        head, claims, signature = form["client_assertion"].split(".")
        try:
            assert isinstance(key, rsa.RSAPublicKey)
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashlib.sha256().digest_size)
            key.verify(_decoded(signature), f"{head}.{claims}".encode(), pss, hashes.SHA256())
        except InvalidSignature:
            return bad
        header, said = json.loads(_decoded(head)), json.loads(_decoded(claims))
        print_ = base64.urlsafe_b64encode(self.certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
        fits = (
            header.get("alg") == "PS256"
            and header.get("x5t#S256") == print_
            and said.get("aud") == f"{self.url}{request.path}"
            and said.get("iss") == said.get("sub") == CLIENT
            and 0 < said.get("exp", 0) - said.get("nbf", 0) <= 86_400
            and said.get("jti") not in self.used
        )
        self.used.add(said.get("jti"))
        return None if fits else bad


def _type(value: dict[str, Any]) -> str:
    return str(value.get("@odata.type")).rpartition(".")[2]


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _is_json(request: Request) -> bool:
    try:
        return isinstance(request.json(), dict)
    except ValueError:
        return False


def _bom(answer: Answer) -> Answer:
    """Begin with a byte order mark, as Intune's reports and some gateways do."""
    return answer._replace(body=b"\xef\xbb\xbf" + answer.body)


def _patched(body: dict[str, Any]) -> tuple[str, str] | None:
    """Refuse what PATCH of a settings catalog policy cannot change (microsoft-graph-docs #17482)."""
    if "settings" in body:
        said = "Cannot apply PATCH to navigation property 'settings' on entity type"
        return (
            "ModelValidationFailure",
            f"{said} 'microsoft.management.services.api.deviceManagementConfigurationPolicy'.",
        )
    return None


def _narrow(assignment: dict[str, Any], api: str) -> dict[str, Any]:
    """Return an assignment as v1.0 tells it: without filters."""
    if api == "beta":
        return assignment
    kept = {key: one for key, one in assignment["target"].items() if "Filter" not in key}
    return {"id": assignment["id"], "target": kept}


def _filled(value: Any) -> Any:
    """Return a setting instance with the references that the service writes as null."""
    if isinstance(value, list):
        return [_filled(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {key: _filled(one) for key, one in value.items()}
    if "settingDefinitionId" in made:
        made.setdefault("settingInstanceTemplateReference", None)
    elif "value" in made or "children" in made:
        made.setdefault("settingValueTemplateReference", None)
    if isinstance(made.get("simpleSettingCollectionValue"), list):
        made["simpleSettingCollectionValue"].sort(key=lambda one: str(one["value"]), reverse=True)
    return made


if __name__ == "__main__":
    server = GraphServer()
    run_by_hand(server, f"Microsoft Graph and its login (tenant {TENANT}, client {CLIENT}, secret {SECRET})")
