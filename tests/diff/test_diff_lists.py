"""Compare ban lists by what they order."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from build_kit import DAY, app, ban_list, identifier, inline, waiver

from mdm_policy import catalogue
from mdm_policy.diff import Comparison, ListSide, compare_lists
from mdm_policy.model import Ban, BanList, Resolution, Revocation
from mdm_policy.resolve import resolve

WECHAT, QQ = app("wechat"), app("qq")
EMPTY = Resolution("", "", DAY, (), (), (), (), (), ())


def side(*lists: BanList) -> ListSide:
    resolution = resolve(lists, None, catalogue.load(), DAY, enforce=False) if lists else EMPTY
    return ListSide("side", lists, resolution)


def compared(old: Any, new: Any) -> Comparison:
    return compare_lists(*(side(*(one if isinstance(one, tuple) else (one,))) for one in (old, new)))


def lines(comparison: Comparison) -> set[tuple[str, str, str]]:
    return {(one.direction, one.name, one.platform) for one in comparison.changes}


def own(*values: str, name: str = "Own", **more: Any) -> Ban:
    return inline(name, *(identifier("ios", "bundle_id", value) for value in values), **more)


def made(*bans: Ban, **more: Any) -> BanList:
    return ban_list(*bans, **more)


_GONE = Revocation("2026-06-01", "Act 2")
_SOON = Revocation("2027-06-01", "Act 2")
_L, _I, _N, _T, _E = "LOOSENED", "INEFFECTIVE", "NARROWED", "TIGHTENED", "EQUIVALENT"
_EVERY = "every app of our-list"
ROWS = [
    pytest.param(made(own("a.b")), made(own("a.b")), set(), id="the same"),
    pytest.param(made(own("a.b"), WECHAT), made(WECHAT), {(_L, "Own", "ios")}, id="an app is gone"),
    pytest.param(made(WECHAT), made(own("a.b"), WECHAT), {(_T, "Own", "ios")}, id="an app is added"),
    pytest.param(made(own("a.b", "a.c")), made(own("a.b")), {(_L, "Own", "ios")}, id="an identifier is gone"),
    pytest.param(
        made(own("a.b")),
        made(own("a.B")),
        {(_L, "Own", "ios"), (_T, "Own", "ios")},
        id="an identifier is spelt otherwise",
    ),
    pytest.param(made(app("wechat"), own("a.b")), made(own("a.b"), app("wechat")), set(), id="another order"),
    pytest.param(
        made(own("a.b")), made(own("a.b", name="New")), {(_E, "Own", "ios"), (_E, "New", "ios")}, id="renamed"
    ),
    pytest.param(
        made(own("a.b", "a.c")),
        made(own("a.b", name="New")),
        {(_L, "Own", "ios"), (_E, "Own", "ios"), (_E, "New", "ios")},
        id="in part by another entry",
    ),
    pytest.param(
        made(own("a.b")),
        made(own("a.b", name="New"), exceptions=[waiver("New", "lab")]),
        {(_L, "Own", "ios"), (_E, "New", "ios")},
        id="by another entry with an exception",
    ),
    pytest.param(
        made(own("a.b")),
        made(own("a.b"), exceptions=[waiver("own", "lab")]),
        {(_N, "Own", "")},
        id="an exception by name",
    ),
    pytest.param(
        made(own("a.b")),
        made(own("a.b"), exceptions=[waiver("a.b", "lab")]),
        {(_N, "Own", "")},
        id="an exception by identifier",
    ),
    pytest.param(
        made(own("com.tencent.xin")),
        made(own("com.tencent.xin"), exceptions=[waiver("wechat", "lab")]),
        {(_N, "Own", "")},
        id="an exception by the key of the known app",
    ),
    pytest.param(
        made(own("a.b")), made(own("a.b", not_on=("tvos",))), {(_N, "Own", "tvos")}, id="not asked for on a platform"
    ),
    pytest.param(made(own("a.b", not_on=("macos",))), made(own("a.b")), {(_T, "Own", "macos")}, id="asked for again"),
    pytest.param(made(WECHAT), made(WECHAT, revoked=_GONE), {(_I, _EVERY, "")}, id="revoked"),
    pytest.param(made(WECHAT, revoked=_GONE), made(WECHAT), {(_T, _EVERY, "")}, id="no more revoked"),
    pytest.param(made(WECHAT), made(WECHAT, revoked=_SOON), {(_N, _EVERY, "")}, id="to be revoked"),
    pytest.param(made(WECHAT, revoked=_SOON), made(WECHAT), {(_T, _EVERY, "")}, id="no more to be revoked"),
    pytest.param(made(WECHAT), made(WECHAT, effective="2027-01-01"), {(_I, _EVERY, "")}, id="not in force yet"),
    pytest.param(
        made(WECHAT), made(WECHAT, effective="2026-02-01"), {(_E, _EVERY, "")}, id="in force since another day"
    ),
    pytest.param(made(WECHAT), made(WECHAT, duties=("no-install",)), {(_N, "WeChat", "")}, id="a duty is gone"),
    pytest.param(
        made(WECHAT), made(WECHAT, duties=("no-install", "no-launch", "remove")), {(_T, "WeChat", "")}, id="a duty more"
    ),
    pytest.param(
        made(WECHAT), made(WECHAT, exceptions=[waiver("wechat", "lab")]), {(_N, "WeChat", "")}, id="an exception"
    ),
    pytest.param(
        made(WECHAT, exceptions=[waiver("wechat", "lab")]),
        made(WECHAT, exceptions=[waiver("wechat", "lab", until="2028-01-01")]),
        {(_N, "WeChat", "")},
        id="a longer exception",
    ),
    pytest.param(
        made(WECHAT, exceptions=[waiver("wechat", "lab")]),
        made(WECHAT, exceptions=[waiver("wechat", "lab", until="2027-01-01")]),
        {(_T, "WeChat", "")},
        id="a shorter exception",
    ),
    pytest.param(
        made(WECHAT, exceptions=[waiver("wechat", "lab")]), made(WECHAT), {(_T, "WeChat", "")}, id="no more exception"
    ),
    pytest.param(
        made(WECHAT),
        made(WECHAT, exceptions=[waiver("wechat", "lab", until="2026-01-01")]),
        set(),
        id="an exception that is over",
    ),
    pytest.param(
        made(WECHAT, exceptions=[waiver("wechat", "lab")]),
        made(WECHAT, exceptions=[waiver("wechat", "lab"), waiver("wechat", "lab", until="2027-01-01")]),
        set(),
        id="a shorter exception beside a longer one",
    ),
    pytest.param(
        made(QQ),
        made(Ban(QQ.origin, feature="QQ Wallet", implemented_by="qq")),
        {(_E, "QQ", "")},
        id="by another entry",
    ),
    pytest.param(
        made(WECHAT),
        (made(WECHAT), made(WECHAT, name="another")),
        {(_E, "WeChat", "")},
        id="by another list too",
    ),
    pytest.param(made(inline("Nothing"), QQ), made(QQ), {(_L, "Nothing", "")}, id="an app without identifiers is gone"),
    pytest.param(
        made(QQ), made(QQ, inline("Nothing")), {(_T, "Nothing", "")}, id="an app without identifiers is added"
    ),
]


@pytest.mark.parametrize(("old", "new", "wanted"), ROWS)
def test_a_change_has_its_direction(old: BanList, new: Any, wanted: set[tuple[str, str, str]]) -> None:
    assert lines(compared(old, new)) == wanted


def test_an_app_of_the_catalogue_has_a_line_for_each_platform() -> None:
    found = compared(made(WECHAT, QQ), made(QQ))
    assert {one.platform for one in found.changes} == {"android", "ios", "macos", "web", "windows"}
    assert {(one.before, one.after) for one in found.changes} == {("banned", "not banned")}
    assert found.changes[0].banned_by == ("our-list (Order our-list): in force since 2026-01-01",)
    assert found.changes[0].old is not None


def test_comments_are_cosmetic() -> None:
    old = made(WECHAT)
    new = msgspec.structs.replace(old, digest="1" * 64)
    assert [(one.direction, one.why) for one in compared(old, new).changes] == [
        ("COSMETIC", "comments, order, titles, sources or spelling")
    ]


def test_another_spelling_is_pointed_out() -> None:
    [change] = [one for one in compared(made(own("a.b")), made(own("a.B"))).changes if one.direction == _L]
    assert "'a.B'" in change.why


def test_a_list_that_comes_or_goes() -> None:
    assert {one.direction for one in compared((), made(own("a.b"))).changes} == {_T}
    assert {one.direction for one in compared(made(own("a.b")), ()).changes} == {_L}
    assert compared((), ()).changes == ()
