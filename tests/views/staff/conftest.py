"""A world with one dataset of each kind, and a browser for each of its people."""

import pytest
from ckan import model
from ckanext.shopendata.model import AccessKey, Application, Case, Dataset, Entry, Grant, OpenList
from ckanext.shopendata.publish import publisher

from tests import factories
from tests.factories import Agency, call, person

COLUMNS = [
    ("stop_code", "站点编号", "text", "none"),
    ("stop_name", "站点名称", "text", "none"),
    ("driver", "驾驶员", "text", "first_char"),
]
ROWS = [["0071", "人民广场", "王小明"]]
PASSWORD = "correct-horse-9"


@pytest.fixture
def act(app):
    """An action in a request of its own: a page that follows must not find its user."""

    def run(action, user, **data):
        with app.flask_app.test_request_context():
            return call(action, user, **data)

    return run


@pytest.fixture
def world(clean_db, clean_index, app, loader_environment):
    with app.flask_app.test_request_context():
        return make_world()


def make_world():
    person("operator", "operator")
    world = type("World", (), {})()
    world.centre = person("checker", "catalogue_checker")
    world.intake = person("intake", "intake_officer")
    world.agency = Agency("operator", "traffic", "上海市交通委员会")
    world.other = Agency("operator", "market", "上海市市场监督管理局")
    world.citizen, world.neighbour = person("citizen"), person("neighbour")
    world.root = person("root", sysadmin=True)
    world.open = world.agency.entry("公交线路与站点信息", "unconditional", COLUMNS, ROWS, code="307001/000001")
    world.conditional = world.agency.entry("公交车辆实时到站信息", "conditional", COLUMNS, ROWS, code="307001/000002")
    world.waiting = world.agency.entry("道路掘路施工信息", "conditional", COLUMNS, code="307001/000004")
    world.agency.open(world.centre, world.open, world.conditional)
    while publisher.work():
        pass
    world.name = model.Session.get(Dataset, world.conditional[1]).name
    return world


class Browser:
    """A person's browser: pages, and forms with the token of the session."""

    def __init__(self, app, name, code=True):
        self.client = app.test_client()
        if name:
            data = {"login": name, "password": PASSWORD}
            assert self.client.post("/user/login", data=data, follow_redirects=False).status_code == 302
            if code:
                factories.code_typed(name)
        page = self.client.get("/about").text
        self.token = page.split('name="_csrf_token" content="')[1].split('"')[0]

    def get(self, path):
        return self.client.get(path, follow_redirects=False)

    def post(self, path, **data):
        return self.client.post(path, data={"_csrf_token": self.token, **data}, follow_redirects=False)


@pytest.fixture
def browse(app):
    """The browser of a person (nobody: a stranger)."""
    opened = {}

    def get(name=None):
        if name not in opened:
            opened[name] = Browser(app, name)
        return opened[name]

    return get


@pytest.fixture
def submitted(world, act):
    application = act("application_save", world.citizen, datasets=[world.name], form=factories.FORM)
    return act("application_submit", world.citizen, id=application["id"])


@pytest.fixture
def accepted(world, submitted, act):
    """A case in review."""
    return act("application_accept", world.intake, id=submitted["id"])["cases"][0]


def snapshot():
    """Everything that a page must not change by being read."""
    model.Session.rollback()
    return {
        kind.__tablename__: sorted(
            str({column.name: getattr(row, column.name) for column in kind.__table__.columns})
            for row in model.Session.query(kind)
        )
        for kind in (Application, Case, Grant, AccessKey, Entry, Dataset, OpenList)
    }
