"""Describe the document kinds of networks: what acts on a device only where somebody says that it always goes through them."""

from __future__ import annotations

from mdm_policy.kinds.kind import DocumentKind
from mdm_policy.kinds.network import lists, zone

ZONE = DocumentKind(
    name="response-policy-zone",
    title="Response policy zone",
    formats=("json",),
    recognise=zone.is_zone,
    read=zone.read_zone,
    keys=zone.KEYS,
    rules=zone.RULES,
    schemas=("dns-response-policy-zone",),
    is_of_network=True,
    sample=b"""\
{"zone":{"origin":"","records":[
{"name":"","type":"SOA","data":"localhost. hostmaster.localhost. 1 3600 600 604800 300"},
{"name":"a.example","type":"CNAME","data":"."},
{"name":"*.a.example","type":"CNAME","data":"."},
{"name":"b.a.example","type":"CNAME","data":"rpz-passthru."}]}}
""",
)
DOMAINS = DocumentKind(
    name="domain-list",
    title="Plain list of domains",
    formats=("json",),
    recognise=lists.is_list,
    read=lists.read_list,
    keys=lists.KEYS,
    rules=lists.RULES,
    schemas=("domain-list",),
    is_of_network=True,
    sample=b"""\
{"domains":["a.example",
"b.example"]}
""",
)
