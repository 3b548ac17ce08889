"""Build, and say what that changes: python build_and_compare.py DEPLOYMENT FORMER-BUILD NEW-BUILD DAY."""

import sys

from mdm_policy import PolicyError, build_policies, diff_policies

deployment, former, new, day = sys.argv[1:]
try:
    built = build_policies(new, deployment=deployment, as_of=day)
    report = diff_policies(former, new, deployment=deployment, as_of=day)
except PolicyError as bad:
    sys.exit("\n".join(f"{one.origin}: {one.message}" for one in bad.findings))
print(f"{len(built.documents)} documents. {report.sentence}")
for change in report.changes:
    print(f"{change.direction} {change.name} on {change.platform}: {change.before} -> {change.after}, {change.why}")
sys.exit(report.exit_code)
