"""Headers and the roles they play."""

import pytest

from retainkit.errors import InputError
from retainkit.schema import ALIASES, Header, by_alias, fold, missing_roles, unknown_column


@pytest.mark.parametrize("header", ["user_id", "User ID", "USER-ID", "userId", "ｕｓｅｒ＿ｉｄ"])
def test_spelling_of_a_header_does_not_matter(header: str) -> None:
    assert fold(header) == "userid"
    mapped = by_alias("member", ["x", header])
    assert mapped is not None
    assert (mapped.source, mapped.by_alias) == (header, True)


@pytest.mark.parametrize(
    ("role", "header"),
    [
        *(("member", name) for name in ("CustomerID", "openid", "用户ID", "会员编号", "买家昵称")),
        *(
            ("time", name)
            for name in ("InvoiceDate", "author_time", "下单时间", "付款时间", "date")
        ),
        *(("order", name) for name in ("InvoiceNo", "订单号", "订单编号")),
        *(("amount", name) for name in ("实付金额", "订单金额", "dollar_value")),
        *(("event", name) for name in ("事件", "行为", "event_name")),
        *(("joined", name) for name in ("注册时间", "入群时间", "joined")),
        *(("member", name) for name in ("用戶ID", "會員編號", "客戶ID")),
        *(("time", name) for name in ("時間", "下單時間", "付款時間")),
        *(("amount", name) for name in ("金額", "實付金額")),
        *(("order", name) for name in ("訂單編號", "訂單號")),
        *(("event", name) for name in ("事件名稱",)),
        *(("joined", name) for name in ("註冊時間",)),
        *(("left", name) for name in ("退群时间", "left_at")),
    ],
)
def test_knows_the_headers_of_the_field(role: str, header: str) -> None:
    assert by_alias(role, [header]) is not None


def test_no_header_plays_two_roles() -> None:
    folded = [(fold(alias), role) for role, aliases in ALIASES.items() for alias in set(aliases)]
    roles: dict[str, set[str]] = {}
    for alias, role in folded:
        roles.setdefault(alias, set()).add(role)
    assert {alias for alias, found in roles.items() if len(found) > 1} == set()


def test_two_candidates_are_an_error_that_lists_them() -> None:
    with pytest.raises(InputError, match="'user_id', 'openid'") as caught:
        by_alias("member", ["user_id", "time", "openid"])
    assert "--member-col" in str(caught.value)


def test_missing_roles_are_told_all_at_once() -> None:
    told = str(missing_roles(["member", "time"], ["a", "b"]))
    assert all(part in told for part in ("--member-col", "--time-col", "'a', 'b'", "用户ID"))


def test_an_unknown_column_comes_with_the_nearest() -> None:
    assert "Did you mean 'Quantity'?" in str(unknown_column("--by", "quantty", ["Quantity"]))


def test_a_name_that_stands_twice_is_said_to() -> None:
    header = Header(["user_id_1", "user_id_2"], {"user_id": ("user_id_1", "user_id_2")})
    told = str(unknown_column("--member-col", "user_id", header))
    assert "the header has 'user_id' twice" in told
    assert "--member-col 'user_id_1'" in told
    with pytest.raises(InputError, match=r"'user_id_1', 'user_id_2' \(the header has 'user_id'"):
        by_alias("member", header)


def test_a_joining_time_is_called_that() -> None:
    with pytest.raises(InputError, match="could be the joining time: 'joined'"):
        by_alias("joined", ["joined", "join_date"])
