"""An agency with one dataset of each open tier in public, for tests of what actions do to it."""

import pytest
from ckanext.shopendata.publish import publisher

from tests.factories import Agency, person

COLUMNS = [("stop_code", "站点编号", "text", "none"), ("stop_name", "站点名称", "text", "none")]
ROWS = [["0071", "人民广场"], ["0072", "外滩"]]


@pytest.fixture
def drain():
    """Lets the publisher do all that waits."""

    def run():
        while publisher.work():
            pass

    return run


@pytest.fixture
def world(clean_db, clean_index, with_request_context, loader_environment, drain):
    person("operator", "operator")
    world = type("World", (), {})()
    world.centre, world.intake = person("checker", "catalogue_checker"), person("intake", "intake_officer")
    world.agency, world.citizen = Agency("operator", "traffic", "上海市交通委员会"), person("citizen")
    world.open = world.agency.entry("公交线路与站点信息", "unconditional", COLUMNS, ROWS, code="307001/000001")
    world.conditional = world.agency.entry("公交车辆实时到站信息", "conditional", COLUMNS, ROWS, code="307001/000002")
    world.agency.open(world.centre, world.open, world.conditional)
    drain()
    return world
