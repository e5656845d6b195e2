"""The waiting process of the harvest queue waits, however long nothing comes."""

import threading
import time

import ckan.lib.redis as ckan_redis
import pytest
from ckanext.harvest import queue
from ckanext.shopendata.harvesters import cli


# A queue of its own: the stack's process waits at the usual one.
@pytest.mark.ckan_config("ckan.site_id", "queue-of-this-test")
@pytest.mark.usefixtures("with_plugins")
def test_an_idle_queue_does_not_end_the_gather_process(patience, monkeypatch):
    """Stock ckanext-harvest dies here: redis-py 8 ends a blocking read at its default socket timeout."""
    seen, died = [], []
    monkeypatch.setattr(queue, "gather_callback", lambda consumer, method, header, body: seen.append(body))

    def run():
        try:
            cli.gather.callback()
        except Exception as error:
            died.append(error)

    waiting = threading.Thread(target=run, daemon=True)
    waiting.start()
    time.sleep(patience)
    assert waiting.is_alive()
    assert died == []
    ckan_redis.connect_to_redis().rpush(queue.get_gather_routing_key(), '{"harvest_job_id": "none"}')
    deadline = time.monotonic() + 5
    while not seen and time.monotonic() < deadline:
        time.sleep(0.05)
    assert seen == ['{"harvest_job_id": "none"}']


@pytest.fixture
def patience():
    """Longer than redis-py waits for an answer by default (seconds)."""
    default = ckan_redis.connect_to_redis().connection_pool.make_connection().socket_timeout
    return (default or 0) + 1
