"""One world for the public's pages: an agency that opens, one whose texts are hostile."""

from types import SimpleNamespace

import pytest
from ckanext.shopendata.publish import publisher

from tests.factories import Agency, person

COLUMNS = [
    ("stop_code", "站点编号", "text", "none"),
    ("stop_name", "站点名称", "text", "none"),
    ("seconds", "预计到达秒数", "int", "none"),
    ("driver", "驾驶员", "text", "first_char"),
]
ROWS = [["0071", "人民广场", "120", "王小明"], ["0072", "外滩", "３０", "李雷"], ["0073", "豫园", "-", None]]
HOSTILE = "=1+1<script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}\"'"


def drain():
    while publisher.work():
        pass


def build_world():
    """Datasets of each tier, one without data, and one agency with hostile words."""
    person("operator", "operator")
    world = SimpleNamespace(centre=person("checker", "catalogue_checker"))
    world.agency = Agency("operator", "traffic", "上海市交通委员会")
    facts = {"domain": "道路交通", "division": "道路运输处", "contact": "021-00001234", "labels": ["公交"]}
    world.unconditional = world.agency.entry(
        "公交线路与站点信息", "unconditional", COLUMNS, ROWS, code="307001/000001", high_value="livelihood",
        abstract="全市公交线路的走向、停靠站序、站点坐标与首末班时间，每月按线网调整更新一次。", **facts,
    )  # fmt: skip
    world.conditional = world.agency.entry(
        "公交车辆实时到站信息", "conditional", COLUMNS, ROWS, code="307001/000002", update_frequency="realtime",
        abstract="在线公交车辆距各站的站数和预计到达秒数，每十五秒更新一次。", **facts,
    )  # fmt: skip
    world.pending = world.agency.entry(
        "国内航运企业名录", "unconditional", COLUMNS, code="307001/000003", update_frequency="quarterly",
        abstract="取得国内水路运输经营许可的企业名称、许可证编号和经营范围。", domain="经济建设",
    )  # fmt: skip
    world.closed = world.agency.entry("公共交通卡个体出行记录", "closed", COLUMNS, code="307001/000004", **facts)
    world.undecided = world.agency.entry("道路掘路施工信息", None, COLUMNS, code="307001/000005", **facts)
    world.agency.open(world.centre, world.unconditional, world.conditional, world.pending, world.closed)
    drain()
    return world


def add_hostile(world):
    """An agency that writes what no page may execute."""
    world.bad = Agency("operator", "bad", "示例供水<b>有限公司</b>")
    columns = [("level", HOSTILE, "text", "none"), ("name", "名称", "text", "none")]
    rows = [["1", "x"]]
    facts = {"abstract": HOSTILE, "domain": HOSTILE, "division": HOSTILE, "contact": HOSTILE, "code": "@SUM(1)"}
    world.hostile = [
        world.bad.entry(HOSTILE, tier, columns, rows, **(facts | {"code": f"@SUM({number})"}))
        for number, tier in enumerate(("unconditional", "conditional"))
    ]
    world.bad.open(world.centre, world.hostile[0])
    entry, dataset = world.hostile[1]
    decision = {"tier": "conditional", "reasons": ["timeliness"], "conditions": HOSTILE}
    world.bad.open(world.centre, (entry, dataset), bases=[{"rule": "x", "article": "1", "kind": "rule"}], **decision)
    drain()
    return world


@pytest.fixture
def act(app):
    """Calls something in a request of its own: the pages asked for afterwards have their own language."""

    def run(function, *arguments, **named):
        with app.flask_app.test_request_context():
            return function(*arguments, **named)

    return run


@pytest.fixture
def world(clean_db, clean_index, loader_environment, act):
    return act(build_world)


@pytest.fixture
def hostile(world, act):
    return act(add_hostile, world)


@pytest.fixture
def client(world, app):
    return app.test_client()


@pytest.fixture
def visit(client):
    """The text of a page that answers as expected."""

    def get(address, status=200):
        answer = client.get(address)
        assert answer.status_code == status, (address, answer.status_code)
        return answer.get_data(as_text=True)

    return get
