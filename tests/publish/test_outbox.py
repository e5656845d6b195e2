"""Work that waits: asked for again, taken, failed."""

from ckan import model
from ckanext.shopendata.publish import outbox

from tests.factories import elsewhere


def test_work_asked_for_again_is_not_done_before_the_change_it_follows_from(clean_db):
    outbox.put("publish", "a")
    model.Session.commit()
    outbox.put("publish", "a")  # asked for again by a change that is not committed yet
    taken = []
    elsewhere(lambda: taken.extend(task.id for task in outbox.lease(["publish"], 9)))
    assert taken == []
    model.Session.commit()
    assert len(outbox.lease(["publish"], 9)) == 1


def test_work_asked_for_again_does_not_wait_for_its_last_failure(clean_db):
    outbox.put("publish", "a")
    model.Session.commit()
    (task,) = outbox.lease(["publish"], 9)
    outbox.failed(task.id, "no")
    assert outbox.lease(["publish"], 9) == []
    outbox.put("publish", "a", "a")
    model.Session.commit()
    assert [one.id for one in outbox.lease(["publish"], 9)] == [task.id]
