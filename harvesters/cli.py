"""``ckan shopendata harvest ...``."""

from __future__ import annotations

import time
from typing import Any

import ckan.plugins.toolkit as tk
import click
from ckan import model
from ckanext.harvest import queue
from ckanext.shopendata import maintenance

from .cli_sync import COMMANDS

__all__ = ["harvest"]


@click.group(short_help="Synchronise catalogues.")
def harvest() -> None:
    """Synchronise catalogues."""


@harvest.command()
@click.option("--every", default=60, show_default=True, help="Seconds between two rounds.")
@click.option("--rounds", default=0, help="Stop after so many rounds (0: never).")
def schedule(every: int, rounds: int) -> None:
    """Queues due harvest jobs and closes finished ones, again and again.

    An error ends the process; its supervisor starts it anew with fresh connections.
    """
    done = 0
    while True:
        if maintenance.standing() is None:
            tk.get_action("harvest_jobs_run")({"user": tk.config["ckan.site_id"], "ignore_auth": True}, {})
        model.Session.remove()
        done += 1
        if rounds and done >= rounds:
            return
        time.sleep(every)


@harvest.command()
def gather() -> None:
    """Takes harvest jobs from the queue, one by one, and runs them.

    ckanext-harvest's own command waits for the next job without end, but redis-py 8 gives up reading after some
    seconds: on an idle portal it would die and be started again all day.
    """
    # With Redis as the queue (ours always) this is never one of RabbitMQ's channels.
    consumer: Any = queue.get_gather_consumer()
    consumer.redis.connection_pool.connection_kwargs["socket_timeout"] = None
    for method, header, body in consumer.consume(queue.get_gather_queue_name()):
        queue.gather_callback(consumer, method, header, body)
        model.Session.remove()


for command in COMMANDS:
    harvest.add_command(command)
