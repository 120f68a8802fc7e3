"""The canonical columns, the headers they go by, and how a header becomes a mapping.

To teach retainkit a new header, add it to ALIASES; nothing else has to change.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from retainkit.errors import InputError, nearest

Role = Literal["member", "time", "event", "amount", "order", "joined", "left", "reason"]

# Headers are compared folded: case, spaces, "_", "-" and full-width forms do not matter.
# Earlier words do not win over later ones: two columns that both fit a role are an error.
ALIASES: Mapping[Role, tuple[str, ...]] = {
    "member": (
        *("user_id", "userid", "uid", "user", "member_id", "member", "member_no", "member_code"),
        *("customer_id", "customer", "client_id", "account_id", "visitor_id", "distinct_id"),
        *("openid", "open_id", "unionid", "union_id", "external_userid", "buyer_id"),
        *("用户ID", "用户编号", "用户", "会员ID", "会员编号", "会员号", "会员卡号", "会员"),
        *("客户ID", "客户编号", "买家ID", "买家昵称", "顾客ID", "成员ID"),
        *("用戶ID", "用戶編號", "用戶", "會員ID", "會員編號", "會員號", "會員卡號", "會員"),
        *("客戶ID", "客戶編號", "買家ID", "買家暱稱", "顧客ID", "成員ID"),
    ),
    "time": (
        *("time", "timestamp", "ts", "event_time", "event_timestamp", "event_date", "datetime"),
        *("date", "created_at", "occurred_at", "order_date", "order_time", "invoice_date"),
        *("purchase_date", "transaction_date", "author_time"),
        *("时间", "事件时间", "发生时间", "下单时间", "付款时间", "支付时间", "订单时间"),
        *("创建时间", "订单创建时间", "日期", "下单日期", "成交时间"),
        *("時間", "事件時間", "發生時間", "下單時間", "付款時間", "支付時間", "訂單時間"),
        *("創建時間", "建立時間", "下單日期", "成交時間", "交易時間"),
    ),
    "event": (
        *("event", "event_name", "event_type", "action", "activity"),
        *("事件", "事件名称", "事件名", "事件类型", "行为", "行为类型"),
        *("事件名稱", "事件類型", "行為", "行為類型"),
    ),
    "amount": (
        *("amount", "revenue", "order_amount", "total", "total_price", "paid", "dollar_value"),
        *("金额", "实付金额", "订单金额", "支付金额", "付款金额", "成交金额", "消费金额"),
        *("金額", "實付金額", "訂單金額", "支付金額", "付款金額", "成交金額", "消費金額"),
    ),
    "order": (
        *("order_id", "order_no", "order_number", "invoice", "invoice_no", "transaction_id"),
        *("订单号", "订单编号", "订单ID", "交易号", "流水号"),
        *("訂單號", "訂單編號", "訂單ID", "交易號", "流水號"),
    ),
    "joined": (
        *("joined", "joined_at", "join_date", "join_time", "signup_date", "signed_up_at"),
        *("registered_at", "registration_date", "date_registration"),
        *("注册时间", "注册日期", "入群时间", "入会时间", "入会日期", "加入时间"),
        *("註冊時間", "註冊日期", "入群時間", "入會時間", "入會日期", "加入時間"),
    ),
    "left": (
        *("left", "left_at", "leave_date", "leave_time", "cancelled_at", "churned_at"),
        *("unsubscribed_at", "date_unregistration", "退群时间", "退会时间", "退出时间", "注销时间"),
        *("退群時間", "退會時間", "退出時間", "註銷時間"),
    ),
    "reason": (
        *("reason", "leave_reason", "churn_reason", "cancel_reason"),
        *("退群原因", "退会原因", "流失原因", "离开原因"),
        *("退會原因", "離開原因"),
    ),
}

_NOUNS: Mapping[Role, str] = {"joined": "joining time", "left": "leaving time"}

FLAGS: Mapping[Role, str] = {role: f"--{role}-col" for role in ALIASES}


def fold(header: str) -> str:
    """Return `header` as it is compared: NFKC, case folded, without spaces, '_' and '-'."""
    return re.sub(r"[\s_\-]+", "", unicodedata.normalize("NFKC", header)).casefold()


class Mapped(NamedTuple):
    """One role's source: a column name or a SQL expression, and why it was chosen."""

    source: str
    why: str
    by_alias: bool = False


class Header(tuple[str, ...]):
    """The columns of a table.

    renamed: names in the file that none of them goes by (they stand there twice, or Polars
    takes them for patterns), and what their columns are called instead. ready: the roles that
    columns of their names play, read already, and what the files called what they were read from.
    """

    renamed: Mapping[str, Sequence[str]]
    ready: Mapping[str, frozenset[str]]

    def __new__(
        cls,
        names: Iterable[str],
        renamed: Mapping[str, Sequence[str]] | None = None,
        ready: Mapping[str, frozenset[str]] | None = None,
    ) -> Header:
        """Return the columns `names`."""
        header = super().__new__(cls, names)
        header.renamed = renamed or {}
        header.ready = ready or {}
        return header


def by_alias(role: Role, header: Sequence[str]) -> Mapped | None:
    """Return the one column of `header` that goes by an alias of `role`, or None.

    Raises InputError listing the candidates when several do.
    """
    if role in ready_in(header):
        return Mapped(role, "a role of the set")
    known = {fold(alias) for alias in ALIASES[role]}
    doubled = {name: new for name, new in renamed_in(header).items() if fold(name) in known}
    found = [name for name in header if fold(name) in known]
    found += [name for new in doubled.values() for name in new if name not in found]
    if len(found) > 1:
        listed = ", ".join(f"'{name}'" for name in found)
        why = "".join(f" (the header has '{name}' {_times(new)})" for name, new in doubled.items())
        raise InputError(
            f"Several columns could be the {_NOUNS.get(role, role)}: {listed}{why}.",
            f"Say which one with {FLAGS[role]}, e.g. {FLAGS[role]} {found[0]!r}.",
        )
    return Mapped(found[0], f"alias of {role}", by_alias=True) if found else None


def missing_roles(
    roles: Sequence[Role], header: Sequence[str], table: str = "The source"
) -> InputError:
    """Return the error for `roles` that no column goes by: all at once, with what there is."""
    lines = [
        f"no column for the {_NOUNS.get(role, role)} ({FLAGS[role]}; "
        f"known names: {', '.join(ALIASES[role][:4])}, "
        f"{', '.join(_chinese(ALIASES[role])[:3])} …)"
        for role in roles
    ]
    there = ", ".join(f"'{name}'" for name in header)
    flags = " and ".join(FLAGS[role] for role in roles)
    return InputError(
        f"{table} has {'; and '.join(lines)}.",
        f"Columns there are: {there}. Name the right one with {flags}.",
    )


def unknown_column(option: str, name: str, header: Sequence[str]) -> InputError:
    """Return the error for a column that an option names and the source does not have."""
    there = ", ".join(f"'{column}'" for column in header)
    new = renamed_in(header).get(name)
    if new is not None:
        listed = " or ".join(f"'{column}'" for column in new)
        times = f" {_times(new)}" if len(new) > 1 else ""
        return InputError(
            f"{option}: the header has '{name}'{times}; here it is called {listed}.",
            f"Name it so: {option} {new[0]!r}.",
        )
    return InputError(
        f"{option}: there is no column '{name}'.{nearest(name, header)}",
        f"Columns there are: {there}.",
    )


def renamed_in(header: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return the names in the file that no column of `header` goes by, and what is read instead."""
    return header.renamed if isinstance(header, Header) else {}


def ready_in(header: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """Return the roles whose columns in `header` are read already, and what they were called."""
    return header.ready if isinstance(header, Header) else {}


def _times(columns: Sequence[str]) -> str:
    return "twice" if len(columns) == 2 else f"{len(columns)} times"


def _chinese(words: Iterable[str]) -> list[str]:
    return [word for word in words if not word.isascii()]
