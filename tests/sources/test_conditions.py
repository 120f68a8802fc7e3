"""What --where, selectors and column flags may say, over columns of any name."""

from typing import ClassVar

import polars as pl
import pytest

from retainkit.errors import InputError, RetainkitError, UsageError
from retainkit.sources import SourceOptions, open_table, quality

from .made import events_of, used


class TestConditions:
    table: ClassVar[dict[str, list[object]]] = {
        "会员ID": ["a", "b", "c"],
        "下单时间": ["2024-01-01", "2024-02-01", "2024-03-01"],
        "实付金额": ["50", "150", "¥1,500"],
        "行为": ["purchase", "purchase ", "visit"],
        "订单号": ["7", "8", ""],
        "渠道": ["wechat", None, "web"],
    }

    @pytest.mark.parametrize(
        ("selector", "marked"),
        [
            ("purchase[amount > 100]", [0, 1, 0]),
            ("[amount > 100]", [0, 1, 1]),
            ("[实付金额 = '50']", [1, 0, 0]),
            ("[渠道 = 'wechat']", [1, 0, 0]),
            ("visit | [member = 'a']", [1, 0, 1]),
            ("[time >= '2024-02-01']", [0, 1, 1]),
            ('["order" IS NULL]', [0, 0, 1]),
            ("[event LIKE 'pur%']", [1, 1, 0]),
        ],
    )
    def test_read_columns_and_roles(self, selector: str, marked: list[int]) -> None:
        rows, refused, _ = used(events_of(self.table, selector))
        assert rows["marks"].to_list() == marked
        assert refused == {}

    def test_where_reads_roles_too_and_null_does_not_pass(self) -> None:
        _, _, left_out = used(events_of(self.table, where="amount > 100 AND 渠道 != 'x'"))
        assert left_out == {quality.WHERE: 2}

    def test_roles_that_are_not_there_are_told_with_everything_else(self) -> None:
        with pytest.raises(InputError) as caught:
            events_of(
                {"user_id": ["a"], "when": ["2024-01-01"]},
                "buy[amount > 1 AND colour = 'red']",
                where="size = 1",
                segments=("chanel",),
            )
        told = str(caught.value)
        for part in ("'colour'", "--where: there is no column 'size'", "'chanel'", "--time-col"):
            assert part in told
        assert "--event-col" in told
        assert "--amount-col" in told

    def test_conditions_that_are_no_sql(self) -> None:
        with pytest.raises(UsageError, match="--where: 'a b' is not SQL"):
            events_of(self.table, where="a b")
        told = r"--where: the expression gives .*, not true or false.\n.*\"amount > 0\""
        with pytest.raises(UsageError, match=told):
            events_of(self.table, where="amount")

    @pytest.mark.parametrize(
        ("where", "told"),
        [
            ("渠道 IN (SELECT 1)", "has a subquery, which is not supported"),
            ('渠道 = "web"', "A text stands in single quotes: 'web'."),
            ("order IS NOT NULL", 'stands in double quotes: "order"'),
            ("amount > avg(amount)", "aggregate"),
            ("count(*) > 1", "aggregate"),
            ("COLUMNS('^.*$') = 'x'", "stands for several columns"),
            ("rank() OVER (ORDER BY 渠道) = 1", "window function"),
            ('"*" > 1', 'A column called so is "(*)".'),
            ('"^a$" > 1', 'A column called so is "(^a$)".'),
        ],
    )
    def test_what_a_condition_cannot_do_is_said(self, where: str, told: str) -> None:
        with pytest.raises(RetainkitError) as caught:
            events_of(self.table, where=where)
        assert told in str(caught.value)
        with pytest.raises(RetainkitError) as caught:
            events_of(self.table, f"[{where}]")
        assert told in str(caught.value)

    def test_words_inside_quotes_are_no_sql(self) -> None:
        where = "渠道 <> 'x over (y) (select'"
        assert used(events_of(self.table, where=where))[2] == {quality.WHERE: 1}

    @pytest.mark.parametrize("flag", ["member", "time", "event", "amount", "order"])
    @pytest.mark.parametrize(
        ("sql", "told"),
        [
            ("'const'", "is the same for every row"),
            ("count(*)", "aggregate"),
            ("round(max(渠道), 2)", "aggregate"),
            ("row_number() OVER (ORDER BY 渠道)", "window function"),
        ],
    )
    def test_a_column_flag_varies_by_row(self, flag: str, sql: str, told: str) -> None:
        wanted = {"amount": True, "order": True, "event": True}
        with pytest.raises(UsageError, match=told):
            events_of(self.table, "visit", **wanted, **{f"{flag}_col": sql})

    @pytest.mark.parametrize("name", ["*", "^a$"])
    def test_columns_called_like_patterns_are_renamed_and_said(self, name: str) -> None:
        frame = pl.DataFrame({**self.table, "a": ["p", "q", "r"], name: ["x", "y", "x"]})
        with open_table([frame], SourceOptions()) as table:
            events = events_of(table, f"[\"({name})\" = 'x']", segments=(f"({name})",))
            assert used(events)[0]["marks"].to_list() == [1, 0, 1]
            assert used(events)[0]["seg_0"].to_list() == ["x", "y", "x"]
            for options in ({"segments": (name,)}, {"member_col": name}):
                with pytest.raises(InputError, match="here it is called") as caught:
                    events_of(table, **options)
                assert f"'({name})'" in str(caught.value)
