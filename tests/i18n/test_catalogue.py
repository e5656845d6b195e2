"""The Chinese catalogue: complete, in the portal's words, and harmless to what the code puts into the messages.

Messages come from the sources themselves (``config/translate extract``): ours, and those of the installed CKAN and its
extensions. A message is shown as our catalogue has it, or else as CKAN's own does.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "ckanext-shopendata/ckanext/shopendata/i18n"
PO = FOLDER / "zh_Hans_CN/LC_MESSAGES/ckanext-shopendata.po"

# Messages that only people at a command line or in a debugger read, with the reason. None so far.
NOT_VISIBLE = {}

# Messages that read the same in Chinese, with the reason.
KEPT = {
    **dict.fromkeys(["{k}k", "{m}M", "{g}G", "{t}T", "{p}P", "{e}E", "{z}Z", "{y}Y"], "prefix of a unit"),
    **dict.fromkeys(["{kibibytes} KiB", "{mebibytes} MiB", "{gibibytes} GiB", "{tebibytes} TiB"], "unit"),
    **dict.fromkeys(["CSV", "JSON", "URI"], "name of a format"),
    **dict.fromkeys(["Facebook", "X", "Open ID"], "name of a service"),
    "joe@example.com": "example of an address",
    "On %(timestamp)s, %(username)s:": "punctuation only",
    "{object_type}s": "plural only",
}

# Words of CKAN's own catalogue that the portal does not use for what CKAN means by them.
WRONG = {
    "登陆": "登录",
    "登出": "退出登录",
    "追随": "关注",
    "追从": "关注",
    "粉丝": "关注者",
    "群组": "主题",
    "组织": "机构",
    "组件": "数据集",
    "数据仓库": "数据存储",
    "控制台": "个人中心",
    "仪表盘": "个人中心",
    "缺失值": "不能为空",
    "账户": "账号",
    "帐户": "账号",
    "你": "您",
}

CHINESE = re.compile(r"[\u4e00-\u9fff]")
PERCENT = re.compile(r"%(?:\((\w+)\))?[-+ #0]*\d*(?:\.\d+)?[sdifrx]")
BRACE = re.compile(r"\{[^{}]*\}")
TAG = re.compile(r"</?[A-Za-z][^<>]*>")
SHOWN_ATTRIBUTE = re.compile(r'\b(alt|title)="[^"]*"')  # translated, unlike the others
ADDRESS = re.compile(r"https?://\S+")


def read(path):
    with path.open("rb") as file:
        return {singular(message.id): message for message in read_po(file, locale="zh_Hans_CN") if message.id}


def singular(msgid):
    return msgid if isinstance(msgid, str) else msgid[0]


def plural(msgid):
    return msgid if isinstance(msgid, str) else msgid[1]


def text(message):
    """The Chinese of a message, empty when it has none or only a guess."""
    if message is None or message.fuzzy:
        return ""
    return message.string if isinstance(message.string, str) else message.string[0]


def percent_placeholders(string):
    """In order where order matters, counted where they have names."""
    found = list(PERCENT.finditer(string))
    named = [match.group() for match in found if match.group(1)]
    return [match.group() for match in found if not match.group(1)], Counter(named)


def differences(msgid, translation):
    """What a translation loses or adds of the things that are not words."""
    found = []
    if percent_placeholders(msgid) != percent_placeholders(translation):
        found.append("percent placeholders")
    if Counter(BRACE.findall(msgid)) != Counter(BRACE.findall(translation)):
        found.append("brace placeholders")
    tags, translated_tags = (Counter(TAG.findall(SHOWN_ATTRIBUTE.sub(r"\1", it))) for it in (msgid, translation))
    if tags != translated_tags:
        found.append("HTML tags")
    if msgid.startswith(" ") != translation.startswith(" "):
        found.append("leading space")
    return found


def english_left(msgid, translation):
    """Whether words were left in English: no Chinese at all for a message that has words."""
    words = msgid
    for pattern in (TAG, PERCENT, BRACE, ADDRESS):
        words = pattern.sub("", words)
    return bool(re.search(r"[A-Za-z]", words)) and not CHINESE.search(translation)


def translate(*arguments):
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    subprocess.run([shutil.which("sh"), ROOT / "config/translate", *arguments], check=True, env=environment)


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("messages")
    translate("extract", folder)
    return folder


@pytest.fixture(scope="module")
def own(extracted):
    return read(extracted / "own.pot")


@pytest.fixture(scope="module")
def core(extracted):
    messages = read(extracted / "core.pot")
    assert len(messages) > 1000  # a wrong pattern in babel.cfg would find little and make the tests below empty
    assert any(name.endswith(".js") for message in messages.values() for name, _ in message.locations)
    assert any(name.endswith(".html") for message in messages.values() for name, _ in message.locations)
    return messages


@pytest.fixture(scope="module")
def ours():
    return read(PO)


@pytest.fixture(scope="module")
def shown(ours):
    ckan = Path(importlib.util.find_spec("ckan").origin).parent
    return {**read(ckan / "i18n/zh_Hans_CN/LC_MESSAGES/ckan.po"), **ours}


def test_template_is_up_to_date(extracted):
    template = (FOLDER / "ckanext-shopendata.pot").read_text(encoding="utf-8")
    assert template == (extracted / "own.pot").read_text(encoding="utf-8"), "run config/translate"


def test_our_messages_are_translated(own, ours):
    assert [msgid for msgid in own if not text(ours.get(msgid))] == []


def test_every_entry_is_translated(ours):
    assert [msgid for msgid, message in ours.items() if not text(message)] == []


def test_visible_messages_of_ckan_are_translated(core, shown):
    assert [msgid for msgid in core if msgid not in NOT_VISIBLE and not text(shown.get(msgid))] == []


def test_translations_are_chinese(own, core, shown):
    visible = {*own, *core} - {*NOT_VISIBLE, *KEPT}
    chinese = {msgid: text(shown.get(msgid)) for msgid in visible}
    assert {msgid: it for msgid, it in chinese.items() if english_left(msgid, it)} == {}


def test_allow_lists_have_no_leftovers(own, core):
    assert {*NOT_VISIBLE, *KEPT} <= {*own, *core}


def test_entries_are_asked_for(own, core, ours):
    """An entry that no source has is dead, unless CKAN puts the message together at run time."""
    dead = [
        msgid
        for msgid, message in ours.items()
        if msgid not in own and msgid not in core and not any("computed:" in it for it in message.auto_comments)
    ]
    assert dead == [], "run config/translate"


def test_placeholders_and_tags_are_kept(own, core, shown):
    broken = {}
    for msgid, message in shown.items():
        found = differences(plural((own.get(msgid) or core.get(msgid) or message).id), text(message))
        if found and (msgid in own or msgid in core):
            broken[msgid] = found
    assert broken == {}


def test_plural_forms(own, core, ours):
    wrong = []
    for msgid, message in ours.items():
        source = own.get(msgid) or core.get(msgid)
        if source is not None and source.pluralizable != message.pluralizable:
            wrong.append(msgid)
        if message.pluralizable and len(message.string) != 1:
            wrong.append(msgid)
    assert wrong == []


def test_plurals_survive_a_plugin_without_chinese(core, ours, tmp_path):
    """Flask-babel keeps the plural rule of the last plugin; one without Chinese brings the English rule."""
    singular, plural, chinese = "{number} dataset found", "{number} datasets found", "找到 {number} 个数据集"
    translate("compile", tmp_path / "compiled.mo")
    with (tmp_path / "compiled.mo").open("rb") as file:
        merged = Translations().merge(Translations(file))
    for rule in (lambda number: 0, NullTranslations().plural):
        merged.plural = rule
        assert [merged.ungettext(singular, plural, number) for number in (0, 1, 5)] == [chinese] * 3
    assert [msgid for msgid, message in core.items() if message.pluralizable and msgid not in ours] == []


def test_header():
    with PO.open("rb") as file:
        catalogue = read_po(file)
    assert str(catalogue.locale) == "zh_Hans_CN"
    assert '"Project-Id-Version: ckanext-shopendata\\n"' in PO.read_text(encoding="utf-8")
    assert (catalogue.num_plurals, catalogue.plural_expr) == (1, "0")
    assert not catalogue.fuzzy


def test_harvest_is_tongbu(shown):
    """Harvest is 目录同步: the portal fetches catalogues, it does not collect (采集) data."""
    harvest = {msgid: text(message) for msgid, message in shown.items() if "harvest" in msgid.lower()}
    assert len(harvest) > 30
    assert {msgid: chinese for msgid, chinese in harvest.items() if "采集" in chinese} == {}
    assert {msgid: chinese for msgid, chinese in harvest.items() if "同步" not in chinese} == {}


@pytest.mark.parametrize("word", WRONG)
def test_words(word, own, core, shown):
    """In CKAN's messages; ours may need 缺失值 or 组织 in another sense, but never the misspelt 登陆."""
    concerned = {*core, *own} if word == "登陆" else core
    wrong = {msgid: text(shown.get(msgid)) for msgid in concerned if word in text(shown.get(msgid))}
    assert wrong == {}, f"say {WRONG[word]}"


@pytest.mark.parametrize(
    ("msgid", "translation", "lost"),
    [
        ("User %s may not edit %s", "用户 %s 无权编辑", "percent placeholders"),
        ("%s of %i", "%i 之 %s", "percent placeholders"),
        ("Dear %(name)s", "尊敬的 %(user)s", "percent placeholders"),
        ("{number} found", "找到{num}个", "brace placeholders"),
        ('<a href="%(url)s">here</a>', '<a href="%(url)s">此处</ a>', "HTML tags"),
        ('<a href="/x" class="y">here</a>', '<a href="/x">此处</a>', "HTML tags"),
        (" (Primary key)", "（主键）", "leading space"),
    ],
)
def test_differences_are_found(msgid, translation, lost):
    assert lost in differences(msgid, translation)


def test_english_is_found():
    assert english_left("<p>Admin of {name}</p>", "<p>Admin of {name}</p>")
    assert not english_left("<q>{key}</q>", "<q>{key}</q>")
    assert not english_left("Admin", "管理员")
