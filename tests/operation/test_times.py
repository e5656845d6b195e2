"""Every time that is shown is China's, wherever the process thinks it is."""

import datetime as dt
import time

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckanext.shopendata import clock
from ckanext.shopendata.logic.action import openlist
from ckanext.shopendata.model import Dataset
from ckanext.shopendata.publish import publisher
from ckanext.shopendata.views.common import local_time

from tests.factories import Agency, person

#: 3 o'clock in the morning of 2 March in China; still 1 March in UTC and in New York.
NIGHT = dt.datetime(2026, 3, 1, 19, 0, tzinfo=dt.timezone.utc)


@pytest.fixture(params=["UTC", "America/New_York", "Pacific/Kiritimati"])
def zone(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def test_pages_of_ours_and_of_ckan(zone, app):
    assert local_time(NIGHT.isoformat()) == "2026-03-02 03:00"
    assert local_time(NIGHT.isoformat(), day=True) == "2026-03-02"
    with app.flask_app.test_request_context():
        shown = tk.h.render_datetime(NIGHT.replace(tzinfo=None), date_format="%Y-%m-%d %H:%M %z")
    assert shown == "2026-03-02 03:00 +0800"
    with clock.at(NIGHT):
        assert clock.today() == dt.date(2026, 3, 2)


def test_what_ckan_keeps_is_utc_whatever_zone_the_session_speaks_in(zone):
    for moment in (NIGHT, NIGHT.astimezone(clock.ZONE), NIGHT.astimezone()):
        assert publisher._naive(moment) == NIGHT.replace(tzinfo=None)


def test_the_day_of_first_opening_on_a_list(zone, clean_db, clean_index, with_request_context, loader_environment):
    person("operator", "operator")
    agency = Agency("operator", "traffic", "上海市交通委员会")
    key = agency.entry("数据", "unconditional", [("a", "甲", "text", "none")], [["1"]], code="307001/000001")[1]
    row = model.Session.get_one(Dataset, key)
    row.first_published_at = NIGHT
    model.Session.commit()
    entry = model.Session.get_one(openlist.Entry, row.entry_id)
    listed = next(one for one in openlist.candidates(entry.agency_id) if one.dataset == key)
    assert listed.first_opened == "2026-03-02"
