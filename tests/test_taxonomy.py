"""What reasons are counted as: the default categories, how matching works, faults of a file."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retainkit.demo.plan import REASONS
from retainkit.errors import UsageError
from retainkit.metrics.churn.taxonomy import Taxonomy, default_taxonomy, read_taxonomy

NAMES = {"product", "access", "cost", "low interaction", "natural", "mismatch", "other", "unknown"}
DEFAULT = default_taxonomy()

# As members, and the export of a cancel form, put it.
HEARD = {
    "product": (
        "Too many bugs", "有bug", "App一直闪退", "支付失败", "軟體當機", "內容都過時了",
        "很久没更新了", "missing_features", "using another CRM", "没有我想要的商品",
        "low_quality", "switched_service", "Moved to a competitor", "doesn't solve my problem",
        "Doesnt work on my phone", "didn’t help", "没解决我的问题", "總是缺貨", "质量不好",
        "Android app crashes too often", "failed to pay", "别的平台功能更好",
    ),
    "access": (
        "Can’t log-in anymore", "forgot my password", "Login page crashes",
        "keeps logging me out", "无法登录", "登录太麻烦", "每次都要登錄", "要求授权手机号",
        "收不到验证码", "需要實名認證", "must register to see prices",
        "requires too many permissions", "帳號被封了", "login asked for too frequently",
    ),
    "cost": (
        "too_expensive", "Price went up", "TOO EXPENSIVE", "价格太贵", "太貴了", "运费太高",
        "不值这个价", "can't afford it any more", "too_complex", "takes too much time",
        "操作太麻烦", "步驟太多", "消息太多", "群里天天刷屏", "訊息太多，很煩", "广告太多",
        "too many e-mails", "spam", "Waste of money!", "推送太频繁", "Constant notifications",
        "别家更便宜",
    ),
    "low interaction": (
        "No one replies in the group", "dead group", "群主不管事", "没人气", "群里没人说话",
        "客服不回复", "沒人回覆", "群太冷清", "no response from support", "互动太少", "死群",
        "nobody ever answers, nobody talks",
    ),
    "natural": (
        "Moved to another city", "course finished", "switching jobs", "no time to study",
        "搬去別的城市", "團購已結束", "课程已经结束", "毕业了", "搬家了", "搬去外地",
        "I no longer need it", "no longer interested", "not interested anymore", "unused",
        "没时间", "換工作了", "怀孕了", "too busy at work", "retired", "不再需要", "不感兴趣了",
        "membership expired",
    ),
    "mismatch": (
        "just for the coupon", "only joined for the free gift", "薅羊毛", "为了领红包",
        "朋友拉我进来的", "拉错群了", "not for me", "subscribed by mistake", "只是来领优惠券",
        "added by mistake", "不感兴趣", "不適合我", "Wrong audience", "误操作",
    ),
    "other": (
        "slow delivery", "support was rude", "物流太慢", "customer_service", "the weather",
        "别的原因", "其他", "Other reasons", "1", "had a bad day", "an author I know left",
    ),
    "unknown": (
        None, "", "  \u3000", "-", "——", "n/a", "N/A.", "None", "(none)", "无", "無。", "未填写",
        "不详", "不詳", "Unknown", "？？", "...", "don't know", "👎", "No answer",
        "prefer not to say", "不方便说",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("reason", "planned"), [(r, kind) for r, (kind, _) in REASONS.items()])
def test_the_demos_reasons_are_counted_as_planned(reason: str, planned: str) -> None:
    assert DEFAULT.category(reason) == planned


@pytest.mark.parametrize(
    ("reason", "category"), [(reason, name) for name in HEARD for reason in HEARD[name]]
)
def test_reasons_as_they_are_heard(reason: str | None, category: str) -> None:
    assert DEFAULT.category(reason) == category


def test_the_default_has_the_eight_categories() -> None:
    assert set(DEFAULT.names) == set(HEARD) == NAMES


def test_no_default_keyword_is_out_of_reach() -> None:
    taken = {
        (word, name, DEFAULT.category(word))
        for name, keywords in DEFAULT.categories
        for word in keywords
    }
    assert {each for each in taken if each[1] != each[2]} == set()
    assert len(taken) == sum(len(keywords) for _, keywords in DEFAULT.categories)


def test_the_default_is_a_file_that_a_user_could_give(tmp_path: Path) -> None:
    import retainkit.metrics.churn.taxonomy as module

    own = Path(module.__file__).with_name("taxonomy.toml")
    assert read_taxonomy(own) == DEFAULT
    windows = tmp_path / "crlf.toml"
    windows.write_text(own.read_text("utf-8"), encoding="utf-8-sig", newline="\r\n")
    assert read_taxonomy(str(windows)) == DEFAULT


def test_a_taxonomy_is_plain_data() -> None:
    assert pickle.loads(pickle.dumps(DEFAULT)) == DEFAULT
    assert hash(pickle.loads(pickle.dumps(DEFAULT))) == hash(DEFAULT)
    assert json.loads(json.dumps(asdict(DEFAULT)))["categories"][0][0] == "access"


# How matching works

FULL_WIDTH = {ord(" "): "\u3000"} | {n: n + 0xFEE0 for n in range(ord("!"), ord("~") + 1)}
KEYWORDS = [(word, name) for name, keywords in DEFAULT.categories for word in keywords]
REASONS_HEARD = [reason for reasons in HEARD.values() for reason in reasons if reason]


@given(st.sampled_from(REASONS_HEARD + [word for word, _ in KEYWORDS]))
def test_case_width_and_blanks_do_not_matter(reason: str) -> None:
    category = DEFAULT.category(reason)
    for same in (
        reason.upper(),
        reason.title(),
        reason.translate(FULL_WIDTH),
        f" \t{reason}\u3000\n",
        reason.replace(" ", " \n "),
        "\ufeff" + "\u200b".join(reason),
        reason.replace("'", "’"),
        reason.replace("'", ""),
    ):
        assert DEFAULT.category(same) == category


@given(st.text() | st.none())
@example("İ")
@example("\x1fbug")
def test_any_text_is_in_one_of_the_categories(reason: str | None) -> None:
    assert DEFAULT.category(reason) in NAMES
    assert DEFAULT.category((reason or "") + " ") == DEFAULT.category(reason)


@given(st.text(st.sampled_from(" abc-'中文😀+."), max_size=8), st.text(max_size=4))
def test_a_keyword_is_found_in_itself_and_after_a_blank(word: str, before: str) -> None:
    taxonomy = Taxonomy((("mine", (word,)),))
    if word.strip(" '"):
        assert taxonomy.category(word) in ("mine", "unknown")
        assert taxonomy.category(f"{before} 1 . {word}") == "mine"


@given(st.permutations(["one", "two", "three"]))
def test_the_first_category_that_fits_takes_a_reason(names: list[str]) -> None:
    keywords = {"one": "late", "two": "too late", "three": "much too late"}
    taxonomy = Taxonomy(tuple((name, (keywords[name],)) for name in names))
    assert taxonomy.category("It came much too late.") == names[0]
    fits = [name for name in names if name != "three"]
    assert taxonomy.category("It came too late.") == fits[0]


@pytest.mark.parametrize(
    ("keyword", "reason", "found"),
    [
        ("ads", "so many ads", True),
        ("ads", "it loads", False),
        ("ad", "I had it", False),
        ("ad", "群里的ad", True),
        ("bug", "buggy", True),
        ("bug", "debugging", False),
        ("bug", "有bug吧", True),
        ("bug", "(bug)", True),
        ("café", "CAFE\u0301 closed", True),
        ("дорого", "Слишком ДОРОГО", True),
        ("дорого", "недорого", False),
        ("贵", "太贵了", True),
        ("高い", "値段が高い", True),
        ("แพง", "ราคาแพงมาก", True),
        ("c++", "I write C++ now", True),
        ("c++", "I write ccc now", False),
        ("a.c", "abc", False),
        ("(x|y)[z]*?^$\\d", "what (X|Y)[Z]*?^$\\d said", True),
        (".*", "anything", False),
        ("$$$", "$$$", True),
        ("👎", "👎👎", True),
        ("log in", "log-in", True),
        ("log-in", "LOG_IN", True),
        ("log in", "log  \n in", True),
        ("log in", "log - in", False),
        ("don't", "dont", True),
    ],
)
def test_where_a_keyword_is_found(keyword: str, reason: str, found: bool) -> None:
    assert Taxonomy((("mine", (keyword,)),)).category(reason) == ("mine" if found else "other")


def test_a_reason_that_is_a_categorys_name_is_in_it() -> None:
    taxonomy = Taxonomy((("cost", ("natural",)), ("Natural", ()), ("none", ())))
    assert taxonomy.names == ("cost", "Natural", "none", "other", "unknown")
    for same in ("natural", " NATURAL.", "Ｎatural"):
        assert taxonomy.category(same) == "Natural"
    assert taxonomy.category("naturally") == "cost"
    assert taxonomy.category("None") == "none"
    for name in NAMES:
        for same in (name, name.upper(), name.replace(" ", "_"), f"({name})"):
            assert DEFAULT.category(same) == name


def test_other_and_unknown_can_have_keywords() -> None:
    taxonomy = Taxonomy((("unknown", ("nothing to say",)), ("other", ("late",)), ("x", ("l",))))
    assert taxonomy.names == ("unknown", "other", "x")
    assert taxonomy.category("I have nothing to say, it was late") == "unknown"
    assert taxonomy.category("late") == "other"


@pytest.mark.parametrize(
    "hostile",
    [
        "x" * 10**6,
        "had " * 250_000,
        "-" * 10**6,
        "!a" * 500_000,
        "a-" * 500_000,
        "\u0301\u0323" * 500_000,
        "太" * 10**6,
        "\ufdfa" * 10**6,
        "\x1f" * 10**6,
        "\ud800" * 10**6,
    ],
    ids=lambda text: ascii(text[:2]),
)
def test_a_very_long_reason_is_quick(hostile: str) -> None:
    DEFAULT.category("warm")
    began = time.perf_counter()
    assert DEFAULT.category(hostile) in ("other", "unknown")
    assert DEFAULT.category("too expensive " + hostile) == "cost"
    assert time.perf_counter() - began < 5


# The user's own file

GOOD = '[[category]]\nname = " Price "\nkeywords = ["too dear"]\n'


def own(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "reasons.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = own(tmp_path, GOOD + '[[category]]\nname = "UNKNOWN"\nkeywords = []\n')
    taxonomy = read_taxonomy(path)
    assert taxonomy.categories == (("Price", ("too dear",)), ("unknown", ()))
    assert taxonomy.names == ("Price", "unknown", "other")
    assert taxonomy.category("Too dear!") == "Price"
    assert taxonomy.category("too expensive") == "other"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "there is no [[category]]"),
        ("category = []", "there is no [[category]]"),
        ("[category]\nname = 'a'", "category: stands in double brackets, [[category]]"),
        ("category = ['a']", "category 1: has to be a table, [[category]]"),
        ("[[categories]]\nname = 'a'", "categories: unknown table. Did you mean 'category'?"),
        (GOOD + "[zzz]", "zzz: unknown table. There is only [[category]]."),
        (GOOD + "keyword = []", "category 1, ' Price ': keyword: unknown key. Did you mean"),
        (GOOD + "zzz = 1", "zzz: unknown key. There are name and keywords."),
        ("[[category]]\nkeywords = []", "category 1: name: has to be a line of text"),
        ("[[category]]\nname = 3\nkeywords = []", "category 1, 3: name: has to be a line of"),
        ("[[category]]\nname = ' '\nkeywords = []", "name: has to be a line of text"),
        ("[[category]]\nname = '...'\nkeywords = []", "name: has to be a line of text"),
        ('[[category]]\nname = "a\\nb"\nkeywords = []', "name: has to be a line of text"),
        ("[[category]]\nname = 'a'", "category 1, 'a': keywords: has to be a list of texts"),
        ("[[category]]\nname = 'a'\nkeywords = 'b'", "keywords: has to be a list of texts"),
        ("[[category]]\nname = 'a'\nkeywords = [1]", "keywords: has to be a list of texts"),
        ("[[category]]\nname = 'a'\nkeywords = ['b', '']", "keywords: number 2 is blank"),
        ("[[category]]\nname = 'a'\nkeywords = ['\u3000']", "keywords: number 1 is blank"),
        (GOOD + GOOD.replace("Price", "PRICE"), "category 2, ' PRICE ': is there already, as"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = own(tmp_path, text)
    with pytest.raises(UsageError) as error:
        read_taxonomy(path)
    assert error.value.message.startswith(f"{path} cannot be used:\n  ")
    assert told in error.value.message
    assert error.value.hint is not None
    assert "[[category]]" in error.value.hint


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = own(
        tmp_path, f"zzz = 1\n{GOOD}x = 1\n[[category]]\nname = 'a'\nkeywords = ['', 'b', '']"
    )
    with pytest.raises(UsageError) as error:
        read_taxonomy(path)
    assert error.value.message.count("\n") == 4


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (GOOD.encode() + "# 太贵".encode("gbk"), "is not UTF-8: see line 4."),
        (GOOD.encode("utf-16"), "is not UTF-8: see line 1."),
        (b"[[category]\n", "is not TOML: "),
        (b"[[category]]\nname = 'a'\nname = 'b'\n", "is not TOML: "),
        (b"a = " + b"[" * 100_000, "is not TOML: "),
    ],
)
def test_a_file_that_is_no_toml(tmp_path: Path, data: bytes, told: str) -> None:
    path = own(tmp_path, data)
    with pytest.raises(UsageError) as error:
        read_taxonomy(path)
    assert error.value.message.startswith(f"{path} {told}")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    own(tmp_path, GOOD)
    with pytest.raises(UsageError, match=r"cannot be read: .* Did you mean 'reasons.toml'\?"):
        read_taxonomy(tmp_path / "reason.toml")
    with pytest.raises(UsageError, match="cannot be read: "):
        read_taxonomy(tmp_path)


def test_no_file_takes_pydantic(tmp_path: Path) -> None:
    told = (
        "import sys; from retainkit.metrics.churn.taxonomy import read_taxonomy as read;"
        "read(sys.argv[1]); sys.exit('pydantic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", told, str(own(tmp_path, GOOD))], check=True, timeout=60)
