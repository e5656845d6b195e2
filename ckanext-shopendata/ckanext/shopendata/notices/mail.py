"""The one way by which mail leaves the portal, CKAN's own included: a mail server that proves who it is, or a folder.

CKAN asks its ``INotifier`` plugins before it sends; we always send, so that its own sending, which accepts any
certificate, is never reached.
"""

from __future__ import annotations

import os
import smtplib
import ssl
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email import utils
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
from ckan.lib.mailer import MailerException

from ckanext.shopendata import config

__all__ = ["InDoubt", "Letter", "NotTaken", "Rejected", "configured", "notify", "send"]

#: Seconds for each step of a conversation; all of them together stay below the outbox's lease.
TIMEOUT = 10


class NotTaken(MailerException):
    """Nobody has the mail: it can be sent again. Says nothing of whom it was for."""


class Rejected(NotTaken):
    """The server says that it will never take this mail."""


class InDoubt(MailerException):
    """The conversation broke off in the middle: nobody knows whether the server has the mail."""


def configured() -> bool:
    """Whether there is a way for mail to leave."""
    return bool(tk.config.get("smtp.server") or config.mail_folder())


@dataclass(frozen=True)
class Letter:
    """A mail before it is one, as CKAN's mailer describes it."""

    address: str
    subject: str
    body: str
    body_html: str | None = None
    headers: Mapping[str, Any] | None = None
    attachments: Iterable[Any] | None = None


def notify(already_notified: bool, letter: Letter) -> bool:
    """What CKAN's ``INotifier`` asks for: whether the mail is on its way. Raises what :func:`send` raises."""
    if already_notified or not configured():
        return already_notified
    send(letter)
    return True


def send(letter: Letter) -> None:
    """Sends one mail, or writes it into the folder where there is no server.

    Raises :class:`NotTaken`, :class:`Rejected`, :class:`InDoubt`.
    """
    mail = _mail(letter)
    if tk.config.get("smtp.server"):
        _hand_over(mail, letter.address)
    elif folder := config.mail_folder():
        try:
            _write(mail, Path(folder))
        except OSError as error:
            raise NotTaken(f"{type(error).__name__} while the file was written") from error
    else:
        raise NotTaken("no mail server is configured")


def _mail(letter: Letter) -> EmailMessage:
    mail = EmailMessage()
    mail.set_content(letter.body, cte="base64")
    if letter.body_html:
        mail.add_alternative(letter.body_html, subtype="html", cte="base64")
    for name, value in (letter.headers or {}).items():
        mail[name] = value
    mail["Subject"] = " ".join(str(letter.subject).split())
    mail["From"] = utils.formataddr((tk.config["ckan.site_title"], sender()))
    # The name is the recipient's own choice; servers and people need the address alone.
    mail["To"] = letter.address
    mail["Date"] = utils.formatdate()
    if "Message-ID" not in mail:
        mail["Message-ID"] = utils.make_msgid(domain=sender().rpartition("@")[2])
    if (reply := tk.config.get("smtp.reply_to")) and "Reply-To" not in mail:
        mail["Reply-To"] = reply
    for name, content, *kind in letter.attachments or ():
        main, _, sub = (kind[0] if kind else "application/octet-stream").partition("/")
        read = content.read()
        data = read.encode() if isinstance(read, str) else read
        mail.add_attachment(data, filename=name, maintype=main, subtype=sub)
    return mail


def sender() -> str:
    """The address that mail comes from."""
    return tk.config.get("smtp.mail_from") or f"noreply@{_host()}"


def _host() -> str:
    host = urlsplit(tk.config["ckan.site_url"]).hostname or "localhost"
    return host if "." in host else f"{host}.localdomain"


def _hand_over(mail: EmailMessage, address: str) -> None:
    """The conversation with the server. Only what breaks after the mail's text has begun is in doubt."""
    server = None
    try:
        server = _connect()
        _check(server.mail(sender()))
        _check(server.rcpt(address))
    except Exception as error:
        if server:
            server.close()
        if isinstance(error, NotTaken):
            raise
        raise NotTaken(f"{type(error).__name__} before the mail was sent") from error
    try:
        _check(server.data(mail.as_bytes()))
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
    except smtplib.SMTPDataError as error:
        _check((error.smtp_code, error.smtp_error))
    except (OSError, smtplib.SMTPException) as error:
        raise InDoubt(f"{type(error).__name__} while the mail was sent") from error
    finally:
        server.close()


def _check(answer: tuple[int, Any]) -> None:
    """A server's answer. Its words may hold the recipient's address; only the number is kept."""
    if answer[0] >= 500:
        raise Rejected(f"refused with {answer[0]}")
    if answer[0] >= 400:
        raise NotTaken(f"put off with {answer[0]}")


def _connect() -> smtplib.SMTP:
    """A server whose certificate was checked. In clear only on this machine, and only if the operator says so."""
    parts = urlsplit(f"smtp://{tk.config['smtp.server']}")
    host, port = parts.hostname or "", parts.port or 25
    server = smtplib.SMTP(host, port, timeout=TIMEOUT)
    try:
        server.ehlo()
        if tk.config.get("smtp.starttls") or not _here(host):
            server.starttls(context=ssl.create_default_context(cafile=config.mail_ca_file() or None))
            server.ehlo()
        if user := tk.config.get("smtp.user"):
            server.login(user, tk.config.get("smtp.password") or "")
    except BaseException:
        server.close()
        raise
    return server


def _here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _write(mail: EmailMessage, folder: Path) -> None:
    """One file a mail, in the order of their names; nobody else may read them."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    number, draft = tempfile.mkstemp(dir=folder, prefix=".new-")  # with mode 0600
    with os.fdopen(number, "wb") as file:
        file.write(mail.as_bytes())
    stamp = utils.parsedate_to_datetime(str(mail["Date"])).strftime("%Y%m%dT%H%M%S")
    Path(draft).rename(folder / f"{stamp}-{Path(draft).name.removeprefix('.new-')}.eml")
