"""What every scene needs: people who act, a clock, the publisher's end of work."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import ckan.plugins.toolkit as tk
import click
from ckan import model
from ckanext.shopendata import clock
from ckanext.shopendata.logic import presence, totp
from ckanext.shopendata.publish import outbox, publisher
from pyotp.totp import TOTP

from .cast import Person

__all__ = ["Stage"]

#: The longest that the publisher and the harvest worker may take over one scene, in seconds.
PATIENCE = 600


class Stage:
    """Acts as people do, by CKAN's actions. ``today`` is the day of the demonstration; scenes name days before it."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        #: Who typed a code when: account and moment.
        self.typed: dict[str, tuple[str, dt.datetime]] = {}
        self.start = dt.datetime.now(dt.timezone.utc)

    def account(self, person: Person) -> Person:
        """Registers a person."""
        admin = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
        tk.get_action("user_create")(
            {"ignore_auth": True, "user": admin},
            {
                "name": person.name,
                "fullname": person.title,
                "email": f"{person.name}@example.org",
                "password": person.password,
            },
        )
        self.people[person.name] = person
        if person.roles:
            # A code counts once: the first one must not be of the moment at which the person decides.
            with clock.at(clock.now() - dt.timedelta(hours=1)):
                self._set_up_device(person)
        return person

    def act(self, actor: str, action: str, **data: Any) -> Any:
        """One action of ours by one person, who types a code where one is asked for. Raises as to any caller."""
        try:
            return self._do(actor, action, data)
        except tk.NotAuthorized as error:
            if getattr(error.__cause__, "code", "") != "code_needed":
                raise
        self._type_code(actor)
        return self._do(actor, action, data)

    def _do(self, actor: str, action: str, data: dict[str, Any]) -> Any:
        typed = self.typed.get(actor)
        with presence.in_person(*typed) if typed else nullcontext():
            return tk.get_action(f"shopendata_{action}")({"user": actor}, data)

    def _set_up_device(self, person: Person) -> None:
        user = self._user(person.name)
        draft = totp.begin(user)
        totp.enrol(user, draft.sealed, TOTP(draft.secret).at(clock.now()))
        model.Session.commit()
        person.totp = draft.secret

    def _type_code(self, name: str) -> None:
        user = self._user(name)
        totp.use(user.id, TOTP(self.people[name].totp).at(clock.now()))
        model.Session.commit()
        self.typed[name] = (user.id, clock.now())

    @staticmethod
    def _user(name: str) -> model.User:
        return model.Session.query(model.User).filter_by(name=name).one()

    def appoint(self, name: str, role: str, agency: str | None = None) -> None:
        """A role by two people: one security administrator asks for it, the other confirms."""
        place = {"agency": agency} if agency else {}
        number = self.people[name].number
        asked = self.act("shenan", "role_request", user=name, role=role, number=number, reason="演示任命", **place)
        self.act("fangyu", "role_confirm", id=asked["id"], number=number)

    @contextmanager
    def days_ago(self, days: float, hour: int = 10) -> Iterator[None]:
        """A scene in the past, at an hour of an office's day."""
        day = self.start.astimezone(clock.ZONE) - dt.timedelta(days=days)
        moment = day.replace(hour=hour, minute=12, second=0, microsecond=0)
        with clock.at(min(moment, self.start)):
            yield

    def wait(self, what: str, ready: Callable[[], bool]) -> None:
        """Until ``ready``. Raises :class:`click.ClickException` when it takes too long."""
        deadline = time.monotonic() + PATIENCE
        while not ready():
            model.Session.remove()
            if time.monotonic() > deadline:
                raise click.ClickException(f"{what} took longer than {PATIENCE} s; see the logs of its process")
            time.sleep(0.5)
        model.Session.remove()

    def published(self) -> None:
        """Until the outbox is empty."""
        self.wait("publishing", lambda: outbox.waiting(publisher.HANDLERS) == 0)
