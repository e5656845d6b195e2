"""Codes of a device (TOTP, RFC 6238): setting a device up, and using up its codes.

A device's secret lies encrypted in the database, together with the account that it belongs to, so that nobody gets in
by copying a row. While a device is set up, nothing is stored: what the form carries is encrypted too, runs out, and
counts only as long as the account's device has not changed.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from dataclasses import dataclass

import ckan.plugins.toolkit as tk
import segno
import sqlalchemy as sa
from ckan import model
from cryptography.fernet import Fernet, InvalidToken
from pyotp import random_base32
from pyotp.exceptions import OTPVerificationError
from pyotp.totp import TOTP

from ckanext.shopendata import clock, config
from ckanext.shopendata.logic import presence, throttle
from ckanext.shopendata.model import CodeDevice
from ckanext.shopendata.policy import credential
from ckanext.shopendata.policy.credential import Guess, Verdict
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["Draft", "begin", "draft_of", "enrol", "enrolled_at", "forget", "reauthenticate", "use"]

#: A device that was begun to be set up for so long is none.
_DRAFT_LASTS = dt.timedelta(minutes=15)
#: Clocks of devices may differ by so many time steps.
_TOLERANCE = 1


@dataclass(frozen=True)
class Draft:
    """A device that is being set up. ``sealed``: what the form carries; ``picture``: the QR code as SVG."""

    secret: str
    sealed: str
    picture: str


def enrolled_at(user_id: str) -> dt.datetime | None:
    """Since when somebody has a device; ``None``: they have none."""
    return model.Session.scalar(sa.select(CodeDevice.enrolled_at).where(CodeDevice.user_id == user_id))


def begin(user: model.User) -> Draft:
    """Draws a new secret. Who may is the caller's to know."""
    secret = random_base32()
    known = enrolled_at(user.id)
    said = {"user": user.id, "secret": secret, "replaces": known.isoformat() if known else ""}
    return _draft(user, secret, _box().encrypt(json.dumps(said).encode()).decode())


def draft_of(user: model.User, sealed: str) -> Draft:
    """The draft that a form carried; raises :class:`Refused` ``draft_over``."""
    try:
        said = json.loads(_box().decrypt(sealed.encode(), ttl=int(_DRAFT_LASTS.total_seconds())))
    except (InvalidToken, ValueError):
        raise Refused("draft_over") from None
    known = enrolled_at(user.id)
    if said.get("user") != user.id or said.get("replaces") != (known.isoformat() if known else ""):
        raise Refused("draft_over")
    return _draft(user, said["secret"], sealed)


def enrol(user: model.User, sealed: str, code: str) -> None:
    """Makes the draft's device the account's, on its first code; the caller records, ends sessions and commits."""
    draft = draft_of(user, sealed)
    _admit(user.id)
    step = _step(draft.secret, code)
    throttle.forgive(Guess.CODE, user.id)
    device = model.Session.get(CodeDevice, user.id, with_for_update=True)
    if device is None:
        device = CodeDevice(user_id=user.id)
        model.Session.add(device)
    elif device.enrolled_at != enrolled_at(user.id):
        raise Refused("draft_over")
    device.secret = _box().encrypt(f"{user.id}:{draft.secret}".encode()).decode()
    device.used_step, device.enrolled_at = step, clock.now()
    model.Session.flush()


def use(user_id: str, code: str) -> None:
    """Uses up a code of somebody's device; the caller commits. Raises ``Refused``: no_device, code_wrong, locked."""
    if enrolled_at(user_id) is None:
        raise Refused("no_device", "code")
    _admit(user_id)
    device = model.Session.get(CodeDevice, user_id, with_for_update=True, populate_existing=True)
    if device is None:
        raise Refused("no_device", "code")
    step = _step(_opened(device), code)
    credential.check_step(step, device.used_step)
    device.used_step = step
    throttle.forgive(Guess.CODE, user_id)


def reauthenticate(user_id: str, code: str) -> None:
    """Lets the holder of this request's session decide for a while; commits. Raises ``Refused``."""
    use(user_id, code)
    presence.mark(user_id)
    model.Session.commit()


def forget(user_id: str) -> None:
    """Takes somebody's device away; the caller commits."""
    model.Session.execute(sa.delete(CodeDevice).where(CodeDevice.user_id == user_id))


def _admit(user_id: str) -> None:
    verdict = throttle.admit(Guess.CODE, user_id)
    if verdict is Verdict.LOCKS:
        throttle.note_lock(Guess.CODE, user_id)
    if verdict is not Verdict.ADMITTED:
        minutes = int(credential.LIMITS[Guess.CODE].within.total_seconds() // 60)
        raise Refused("too_many_codes", "code", minutes=minutes)


def _step(secret: str, code: str) -> int:
    """The time step of a code; raises :class:`Refused` ``code_wrong``."""
    typed = "".join(code.split())
    try:
        return TOTP(secret).verify_and_get_timecode(typed, for_time=clock.now(), valid_window=_TOLERANCE)
    except OTPVerificationError:
        raise Refused("code_wrong", "code") from None


def _opened(device: CodeDevice) -> str:
    try:
        owner, _, secret = _box().decrypt(device.secret.encode()).decode().partition(":")
    except InvalidToken:
        raise Refused("codes_not_configured") from None
    if owner != device.user_id:
        raise Refused("code_wrong", "code")
    return secret


def _draft(user: model.User, secret: str, sealed: str) -> Draft:
    name = tk.config["ckan.site_title"]
    address = TOTP(secret).provisioning_uri(name=user.name, issuer_name=name)
    picture = segno.make(address, error="m").svg_inline(scale=5, border=2, svgclass="qr", light="#fff")
    return Draft(secret, sealed, picture)


def _box() -> Fernet:
    if not config.totp_key():
        raise Refused("codes_not_configured")
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(config.totp_key().encode()).digest()))
