"""Stand in for Jamf Pro's Classic API, with its habits: nothing comes back as it was sent.

What it does, and where that is known from: the Classic API 11.26.0 description; docs/plist_payloads.md and issues 539, 861,
1145, 1164 of deploymenttheory/terraform-provider-jamfpro; pull requests 154, 155, 157 and 281 of
jamf/terraform-provider-jamfplatform; pull request 43 of Jamf-Concepts/jamf-cli; issue 148 of grokability/jamf2snipe (the
HTML of a 409). Run it by hand with `python -m tests.emulators.jamf`.
"""

from __future__ import annotations

import base64
import binascii
import copy
import json
import plistlib
import re
import uuid
from typing import Any
from urllib.parse import parse_qs
from xml.parsers.expat import ExpatError

from lxml import etree

from emulators.base import Answer, Emulator, Request, reply, run_by_hand

CLIENT, SECRET = "11111111-2222-3333-4444-555555555555", "emulated-secret"
_SPACE = uuid.UUID("0b5a6f0e-5c1f-5b9e-8a57-0d2f4f6f3a11")
_DEVICES = {"id", "name", "udid", "wifi_mac_address"}
_PLAIN = {"id", "name"}
_CHILD = {
    "computers": ("computer", _DEVICES),
    "computer_groups": ("computer_group", _PLAIN),
    "mobile_devices": ("mobile_device", _DEVICES),
    "mobile_device_groups": ("mobile_device_group", _PLAIN),
    "buildings": ("building", _PLAIN),
    "departments": ("department", _PLAIN),
    "users": ("user", _PLAIN),
    "user_groups": ("user_group", _PLAIN),
    "jss_users": ("user", _PLAIN),
    "jss_user_groups": ("user_group", _PLAIN),
    "network_segments": ("network_segment", {"id", "name", "uid"}),
    "ibeacons": ("ibeacon", _PLAIN),
}
_PEOPLE = ("jss_users", "jss_user_groups")
_NARROW = ("users", "user_groups", "network_segments", "ibeacons")
_BOOL, _INT, _TEXT = re.compile(r"true|false"), re.compile(r"-?[0-9]+"), re.compile(r"(?s).*")
_GENERAL = {
    "restrictedsoftware": {
        "id": _INT,
        "name": _TEXT,
        "process_name": _TEXT,
        "match_exact_process_name": _BOOL,
        "send_notification": _BOOL,
        "kill_process": _BOOL,
        "delete_executable": _BOOL,
        "display_message": _TEXT,
        "site": None,
    },
    "mobiledeviceconfigurationprofiles": {
        "id": _INT,
        "name": _TEXT,
        "description": _TEXT,
        "level": re.compile("System|User|Device Level|User Level"),
        "site": None,
        "category": None,
        "uuid": _TEXT,
        "deployment_method": re.compile("Install Automatically|Make Available in Self Service"),
        "user_removable": _BOOL,
        "redeploy_on_update": re.compile("Newly Assigned|All"),
        "redeploy_Days_before_certificate_expires": _INT,
        "payloads": _TEXT,
    },
    "osxconfigurationprofiles": {
        "id": _INT,
        "name": _TEXT,
        "description": _TEXT,
        "level": re.compile("computer|user|System|User"),
        "site": None,
        "category": None,
        "uuid": _TEXT,
        "distribution_method": re.compile("Install Automatically|Make Available in Self Service"),
        "user_removable": _BOOL,
        "redeploy_on_update": re.compile("Newly Assigned|All"),
        "payloads": _TEXT,
    },
}
_REQUIRED = {"restrictedsoftware": ("name", "process_name")}
_SWITCHES = {
    "restrictedsoftware": ("all_computers",),
    "mobiledeviceconfigurationprofiles": ("all_mobile_devices", "all_jss_users"),
    "osxconfigurationprofiles": ("all_computers", "all_jss_users"),
}
_MACS, _MOBILES, _PLACES = (
    ("computers", "computer_groups"),
    ("mobile_devices", "mobile_device_groups"),
    ("buildings", "departments"),
)
_PARTS = {
    "restrictedsoftware": ((*_MACS, *_PLACES), (), (*_MACS, *_PLACES, "users")),
    "mobiledeviceconfigurationprofiles": (
        (*_MOBILES, *_PLACES, *_PEOPLE),
        _NARROW,
        (*_MOBILES, *_PLACES, *_PEOPLE, *_NARROW),
    ),
    "osxconfigurationprofiles": ((*_MACS, *_PLACES, *_PEOPLE), _NARROW, (*_MACS, *_PLACES, *_PEOPLE, *_NARROW)),
}
_ROOTS = {
    "restrictedsoftware": ("restricted_software", "restricted_software", "restricted_software_title"),
    "mobiledeviceconfigurationprofiles": ("configuration_profile", "configuration_profiles", "configuration_profile"),
    "osxconfigurationprofiles": (
        "os_x_configuration_profile",
        "os_x_configuration_profiles",
        "os_x_configuration_profile",
    ),
}
_DEFAULTS = {
    "restrictedsoftware": {
        "match_exact_process_name": "false",
        "send_notification": "false",
        "kill_process": "false",
        "delete_executable": "false",
        "display_message": "",
    },
    "mobiledeviceconfigurationprofiles": {
        "description": "",
        "level": "System",
        "deployment_method": "Install Automatically",
        "user_removable": "false",
        "redeploy_Days_before_certificate_expires": "0",
    },
    "osxconfigurationprofiles": {
        "description": "",
        "level": "computer",
        "distribution_method": "Install Automatically",
        "user_removable": "false",
    },
}
_TOLD_LEVELS = {
    "System": "Device Level",
    "Device Level": "Device Level",
    "User": "User Level",
    "computer": "System",
    "user": "User",
}
_PHANTOM = re.compile(r"(</array>|<array/>)\s+(?=<array)")


class _Refusal(Exception):  # noqa: N818 - an answer, not a defect
    def __init__(self, status: int, said: str) -> None:
        self.status = status
        self.said = said
        super().__init__(said)


class JamfEmulator(Emulator):
    """Keep objects as Jamf would: `objects[resource][id]` is what is stored, `general`, `scope` and `payload` apart.

    `nodes` is how many servers stand behind the balancer: with more than one, a client without the cookie is sent to the
    next one at each call, and a node that did not do the last write answers as before it. `doubled` tells how entities
    come back: `whole` payloads escaped once more, or entities in `strings`, or neither.
    """

    def __init__(self, *, nodes: int = 1, **more: Any) -> None:
        super().__init__(**more)
        self.objects: dict[str, dict[int, dict[str, Any]]] = {resource: {} for resource in _ROOTS}
        self.groups = {"computer_groups": {12: "Field Macs"}, "mobile_device_groups": {12: "Kiosks", 21: "Field"}}
        self.commands: list[dict[str, Any]] = []
        self.may_read_commands = True
        self.ghosts: list[tuple[str, int, str]] = []
        """Profiles that got another UUID in an update: devices would keep the old one beside the new."""
        self.redeployed: list[tuple[str, int, str]] = []
        self.doubled = "whole"
        self.foreign_ids: dict[str, set[int]] = {resource: set() for resource in _ROOTS}
        self.tokens: set[str] = set()
        self._next = dict.fromkeys(_ROOTS, 1)
        self._issued = self._minted = 0
        self._nodes = nodes
        self._turn = 0
        self._writer = 0
        self._older: Any = None

    def snapshot(self) -> Any:
        return copy.deepcopy((self.objects, self._next))

    def handle_stale(self, request: Request, state: Any) -> Answer:
        now = self.objects, self._next
        self.objects, self._next = copy.deepcopy(state)
        try:
            return self._answer(request)
        finally:
            self.objects, self._next = now

    def foreign(self) -> Any:
        """Return the objects that a test put there itself, for the law that they stay as they are."""
        return copy.deepcopy(
            {
                resource: {one: self.objects[resource].get(one) for one in ids}
                for resource, ids in self.foreign_ids.items()
            }
        )

    def expire(self) -> None:
        """Let every token run out."""
        with self.lock:
            self.tokens.clear()

    def seed(self, resource: str, body: str) -> int:
        """Put an object there that is not ours; return its id."""
        with self.lock:
            number = self._create(resource, etree.fromstring(body.encode()))
            self.foreign_ids[resource].add(number)
            return number

    def handle(self, request: Request) -> Answer:
        node, cookie = self._node(request)
        if request.method == "GET" and node != self._writer and self._older is not None:
            answer = self.handle_stale(request, self._older)
        else:
            before = self.snapshot() if request.method != "GET" else None
            answer = self._answer(request)
            if before is not None and self.snapshot() != before:
                self._older, self._writer = before, node
        return answer._replace(headers=(*answer.headers, *cookie))

    def _node(self, request: Request) -> tuple[int, tuple[tuple[str, str], ...]]:
        held = re.search(r"APBALANCEID=aws\.usw2-std-([0-9]+)", request.headers.get("cookie", ""))
        if held:
            return int(held[1]), ()
        self._turn = (self._turn + 1) % self._nodes
        return self._turn, (
            ("Set-Cookie", f"APBALANCEID=aws.usw2-std-{self._turn}; path=/; Secure; HttpOnly"),
            ("Set-Cookie", "JSESSIONID=node0.1; path=/"),
        )

    def _answer(self, request: Request) -> Answer:
        if request.path == "/api/v1/oauth/token":
            return self._token(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return _page(401, "Unauthorized", "The request requires user authentication")
        if request.path == "/api/v2/mdm/commands":
            return self._commands(request)
        match = re.fullmatch(r"/JSSResource/([a-z]+)(?:/id/(-?[0-9]+))?", request.path)
        if not match or match[1] not in _ROOTS:
            return _page(404, "Not Found", "The server has not found anything matching the request URI")
        try:
            return self._classic(request, match[1], None if match[2] is None else int(match[2]))
        except _Refusal as refusal:
            titles = {400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict"}
            title = titles.get(refusal.status, "Unsupported Media Type")
            return _page(refusal.status, title, refusal.said)

    def _token(self, request: Request) -> Answer:
        if request.method != "POST":
            return reply({"httpStatus": 405, "errors": []}, 405)
        form = {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
        wanted = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
        if form != wanted:
            return reply({"error": "invalid_client"}, 401)
        self._issued += 1
        token = f"jamf-token-{self._issued:04d}"
        self.tokens.add(token)
        return reply({"access_token": token, "scope": "api-role:1", "token_type": "Bearer", "expires_in": 299})

    def _commands(self, request: Request) -> Answer:
        if not self.may_read_commands:
            error = {"code": "INVALID_PRIVILEGE", "field": "", "description": "Forbidden", "id": "0"}
            return reply({"httpStatus": 403, "errors": [error]}, 403)
        asked = dict(part.split("==", 1) for part in request.query["filter"].split(";"))
        found = [
            one
            for one in self.commands
            if one["commandType"] == asked["command"] and str(one["profileId"]) == asked["profileId"]
        ]
        page, size = int(request.query["page"]), int(request.query["page-size"])
        return reply({"totalCount": len(found), "results": found[page * size : (page + 1) * size]})

    def _classic(self, request: Request, resource: str, number: int | None) -> Answer:
        if request.method == "GET" and number is None:
            return self._list(resource)
        if number is None:
            raise _Refusal(405, "The method is not allowed")
        if request.method == "POST":
            if number != 0:
                raise _Refusal(400, "A new object is posted to id 0")
            made = self._create(resource, self._body(request, resource))
            return _xml(_written(resource, made), 201)
        if number not in self.objects[resource]:
            raise _Refusal(404, "The server has not found anything matching the request URI")
        if request.method == "GET":
            return _xml(self._told(resource, number))
        if request.method == "PUT":
            self._update(resource, number, self._body(request, resource))
            return _xml(_written(resource, number), 201)
        if request.method == "DELETE":
            del self.objects[resource][number]
            return _xml(_written(resource, number))
        raise _Refusal(405, "The method is not allowed")

    def _body(self, request: Request, resource: str) -> etree._Element:
        if request.headers.get("content-type", "").partition(";")[0] not in ("application/xml", "text/xml"):
            raise _Refusal(415, "The content type is not supported")
        try:
            root = etree.fromstring(request.body)
        except etree.XMLSyntaxError as bad:
            raise _Refusal(400, "The request could not be understood: XML") from bad
        if root.tag != _ROOTS[resource][0]:
            raise _Refusal(400, f"The request could not be understood: {root.tag}")
        return root

    def _list(self, resource: str) -> Answer:
        _, listing, entry = _ROOTS[resource]
        root = etree.Element(listing)
        _leaf(root, "size", str(len(self.objects[resource])))
        for number, held in sorted(self.objects[resource].items()):
            one = etree.SubElement(root, entry)
            _leaf(one, "id", str(number))
            _leaf(one, "name", held["general"]["name"])
        return _xml(root)

    def _create(self, resource: str, root: etree._Element) -> int:
        general = self._read_general(resource, root)
        for tag in _REQUIRED.get(resource, ("name", "payloads")):
            if not general.get(tag):
                raise _Refusal(409, f"Problem with {tag}")
        self._check_name(resource, general["name"], None)
        scope = self._read_scope(resource, root.find("scope"))
        number = self._next[resource]
        held: dict[str, Any] = {
            "general": {**_DEFAULTS[resource], "site": -1, **general},
            "scope": scope
            if scope is not None
            else self._read_scope(resource, etree.fromstring("<scope><x/></scope>")),
            "self_service": {},
        }
        if resource != "restrictedsoftware":
            held["general"].setdefault("category", -1)
            held["payload"] = self._store(held["general"].pop("payloads"), held["general"]["name"], None)
        self._next[resource] += 1
        self.objects[resource][number] = held
        return number

    def _update(self, resource: str, number: int, root: etree._Element) -> None:
        """Merge at the top level: what is not given stays, a scope that is given replaces the whole."""
        held = copy.deepcopy(self.objects[resource][number])
        general = self._read_general(resource, root)
        if "name" in general:
            self._check_name(resource, general["name"], number)
        redeploy, payloads = general.pop("redeploy_on_update", "Newly Assigned"), general.pop("payloads", None)
        held["general"].update(general)
        if payloads is not None:
            old = held["payload"]
            held["payload"] = self._store(payloads, held["general"]["name"], old)
            if held["payload"]["PayloadUUID"] != old["PayloadUUID"]:
                self.ghosts.append((resource, number, old["PayloadUUID"]))
            self.redeployed.append((resource, number, redeploy))
        elif "payload" in held:
            held["payload"]["PayloadDisplayName"] = held["general"]["name"]
        scope = self._read_scope(resource, root.find("scope"))
        if scope is not None:
            held["scope"] = scope
        self.objects[resource][number] = held

    def _check_name(self, resource: str, name: str, mine: int | None) -> None:
        for number, held in self.objects[resource].items():
            if number != mine and held["general"]["name"].casefold() == name.casefold():
                raise _Refusal(409, "Duplicate name")

    def _read_general(self, resource: str, root: etree._Element) -> dict[str, Any]:
        """Check the sections against the closed description, and return the general one."""
        made: dict[str, Any] = {}
        for section in root:
            if section.tag not in ("general", "scope") or (section.text or "").strip():
                raise _Refusal(400, f"Problem with {section.tag}")
        for one in root.iterfind("general/*"):
            tag, text = str(one.tag), (one.text or "").strip()
            if tag not in _GENERAL[resource] or tag in made:
                raise _Refusal(400, f"Problem with {tag}")
            form = _GENERAL[resource][tag]
            if form is None:
                if any(child.tag not in ("id", "name") for child in one):
                    raise _Refusal(400, f"Problem with {tag}")
                made[tag] = int(one.findtext("id") or "-1")
            elif len(one) or not form.fullmatch(text):
                raise _Refusal(409, f"Problem with {tag}")
            elif tag not in ("id", "uuid"):
                made[tag] = text
        return made

    def _read_scope(self, resource: str, scope: etree._Element | None) -> Any:
        """Return the whole scope that an element means, or None for none: an empty element is ignored."""
        if scope is None or not len(scope):
            return None
        targets, limits, excluded = _PARTS[resource]
        made: dict[str, Any] = dict.fromkeys(_SWITCHES[resource], "false")
        made.update({part: [] for part in targets})
        made["limitations"] = {part: [] for part in limits}
        made["exclusions"] = {part: [] for part in excluded}
        for part in scope:
            tag = str(part.tag)
            if tag in _SWITCHES[resource]:
                if part.text not in ("true", "false"):
                    raise _Refusal(409, f"Problem with {tag}")
                made[tag] = part.text
            elif tag in targets:
                made[tag] = self._members(part)
            elif tag in ("limitations", "exclusions") and (tag == "exclusions" or limits):
                for inner in part:
                    if inner.tag not in made[tag]:
                        raise _Refusal(409, f"Problem with {tag}")
                    made[tag][str(inner.tag)] = self._members(inner)
            elif tag != "x":
                raise _Refusal(400, f"Problem with {tag} in scope")
        return made

    def _members(self, part: etree._Element) -> list[dict[str, str]]:
        child, allowed = _CHILD[str(part.tag)]
        made = []
        for one in part:
            if one.tag == "size":
                continue
            if one.tag != child or any(leaf.tag not in allowed for leaf in one):
                raise _Refusal(400, f"Problem with {part.tag}")
            number, name = (one.findtext("id") or "").strip(), (one.findtext("name") or "").strip()
            known = self.groups.get(str(part.tag))
            if known is not None:
                found = (
                    {number: known.get(int(number))} if number else {str(k): v for k, v in known.items() if v == name}
                )
                if not found or None in found.values():
                    raise _Refusal(409, f"Problem with {part.tag} in scope")
                number, name = next((one, str(text)) for one, text in found.items())
            made.append({"id": number or "-1", "name": name or f"{child} {number}"})
        return made

    def _store(self, text: str, name: str, old: Any) -> Any:
        """Read a payload as Jamf does, and make it Jamf's own."""
        text = _PHANTOM.sub(r"\1<array/>", _unsigned(text))
        try:
            payload = plistlib.loads(text.encode(), fmt=plistlib.FMT_XML)
        except (plistlib.InvalidFileException, ExpatError, ValueError, AttributeError, binascii.Error) as bad:
            raise _Refusal(409, "Unable to update the database") from bad
        if not isinstance(payload, dict) or not isinstance(payload.get("PayloadContent"), list):
            raise _Refusal(409, "Unable to update the database")
        payload = _trimmed(payload)
        kept = old is not None and payload.get("PayloadUUID") == old["PayloadUUID"]
        fresh = old["PayloadUUID"] if kept else self._uuid()
        payload.update(PayloadUUID=fresh, PayloadIdentifier=fresh, PayloadDisplayName=name)
        payload.setdefault("PayloadEnabled", True)
        payload.setdefault("PayloadRemovalDisallowed", True)
        payload.setdefault("PayloadDescription", "")
        payload.setdefault("PayloadScope", "System")
        known = {one["PayloadUUID"] for one in old["PayloadContent"]} if old is not None else set()
        for one in payload["PayloadContent"]:
            if one.get("PayloadUUID") not in known:
                one["PayloadUUID"] = self._uuid()
            one["PayloadIdentifier"] = one["PayloadUUID"]
            one["PayloadOrganization"] = one.get("PayloadOrganization") or "JAMF Software"
            one.setdefault("PayloadEnabled", True)
            one.setdefault("PayloadDescription", "")
            one["AllowUserOverrides"] = True
        return payload

    def _uuid(self) -> str:
        self._minted += 1
        return str(uuid.uuid5(_SPACE, str(self._minted))).upper()

    def _told(self, resource: str, number: int) -> etree._Element:
        """Return an object as a GET shows it."""
        held = self.objects[resource][number]
        root = etree.Element(_ROOTS[resource][0])
        general = etree.SubElement(root, "general")
        _leaf(general, "id", str(number))
        for tag, value in sorted(held["general"].items(), reverse=True):
            if tag in ("site", "category"):
                part = etree.SubElement(general, tag)
                _leaf(part, "id", str(value))
                _leaf(part, "name", "None" if tag == "site" else "No category assigned")
            elif tag != "redeploy_on_update":
                _leaf(general, tag, _TOLD_LEVELS.get(value, value) if tag == "level" else value)
        if "payload" in held:
            _leaf(general, "uuid", held["payload"]["PayloadUUID"])
            _leaf(general, "redeploy_on_update", "Newly Assigned")
            _leaf(general, "payloads", self._told_payload(held["payload"]))
        root.append(_told_scope(resource, held["scope"]))
        if resource == "osxconfigurationprofiles":
            part = etree.SubElement(root, "self_service")
            for tag, text in (
                ("self_service_display_name", held["general"]["name"]),
                ("install_button_text", "Install"),
                ("force_users_to_view_description", "false"),
                ("notification", "false"),
                ("notification", "Self Service"),
            ):
                _leaf(part, tag, text)
            _leaf(etree.SubElement(part, "security"), "removal_disallowed", "Never")
        return root

    def _told_payload(self, payload: Any) -> str:
        text = plistlib.dumps(payload, sort_keys=False).decode()
        text = text.replace('<plist version="1.0">', '<plist version="1">').rstrip("\n")
        if self.doubled == "whole":
            return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return text.replace("&amp;", "&amp;amp;") if self.doubled == "strings" else text


def _told_scope(resource: str, held: Any) -> etree._Element:
    scope = etree.Element("scope")
    for tag, value in held.items():
        if isinstance(value, str):
            _leaf(scope, tag, value)
        elif isinstance(value, list):
            _told_members(scope, tag, value)
        elif tag == "exclusions" or resource != "restrictedsoftware":
            part = etree.SubElement(scope, tag)
            for inner, members in value.items():
                _told_members(part, inner, members)
    return scope


def _told_members(parent: etree._Element, tag: str, members: list[dict[str, str]]) -> None:
    part = etree.SubElement(parent, tag)
    for member in members:
        one = etree.SubElement(part, _CHILD[tag][0])
        _leaf(one, "id", member["id"])
        _leaf(one, "name", member["name"])


def _unsigned(text: str) -> str:
    """Take the profile out of a signed one; the Classic API drops the signature."""
    if text.lstrip().startswith("<"):
        return text
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return text
    start, end = data.find(b"<?xml"), data.rfind(b"</plist>")
    return data[start : end + 8].decode("utf-8", "replace") if 0 <= start < end else text


def _trimmed(value: Any) -> Any:
    """Take white space off strings, and empty strings away; the order of keys becomes Jamf's."""
    if isinstance(value, dict):
        pairs = ((key, _trimmed(one)) for key, one in sorted(value.items(), reverse=True))
        return {key: one for key, one in pairs if one != ""}
    if isinstance(value, list):
        return [_trimmed(one) for one in value]
    return value.strip() if isinstance(value, str) else value


def _written(resource: str, number: int) -> etree._Element:
    root = etree.Element(_ROOTS[resource][0])
    _leaf(root, "id", str(number))
    return root


def _leaf(parent: etree._Element, tag: str, text: str) -> None:
    etree.SubElement(parent, tag).text = text


def _xml(root: etree._Element, status: int = 200) -> Answer:
    return Answer(status, etree.tostring(root, xml_declaration=True, encoding="UTF-8"), (), "text/xml;charset=UTF-8")


def _page(status: int, title: str, said: str) -> Answer:
    """Answer with the page that Jamf's Tomcat answers with."""
    page = (
        "<html>\n<head>\n   <title>Status page</title>\n</head>\n"
        '<body style="font-family: sans-serif;">\n'
        f'<p style="font-size: 1.2em;font-weight: bold;margin: 1em 0px;">{title}</p>\n<p>Error: {said}</p>\n'
        '<p>You can get technical details <a href="http://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html">here</a>.<br>\n'
        'Please continue your visit at our <a href="/">home page</a>.\n</p>\n</body>\n</html>\n'
    )
    return Answer(status, page.encode(), (), "text/html;charset=UTF-8")


if __name__ == "__main__":
    print(json.dumps({"client_id": CLIENT, "client_secret": SECRET}))
    run_by_hand(JamfEmulator(), "Jamf Pro")
