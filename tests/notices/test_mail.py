"""The way mail leaves: to a server that proves who it is, and what its answers mean."""

import smtplib
import socketserver
import ssl
import subprocess
import threading

import pytest
from ckan.common import config
from ckan.lib import mailer
from ckanext.shopendata.notices import mail

LETTER = mail.Letter("citizen@example.org", "Subject\r\nBcc: all@example.org", "正文")


class Conversation(socketserver.StreamRequestHandler):
    """A mail server in the small: what it answers stands in ``server.answers``, what it took in ``server.taken``."""

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self.say("220 test")
        while line := self.rfile.readline():
            word = line.split()[0].upper().decode()
            if word == "EHLO":
                self.say("250-test\r\n250 STARTTLS" if not self.server.secured else "250 test")
            elif word == "STARTTLS":
                self.say("220 go")
                self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
                self.server.secured = True
            elif word == "DATA":
                self.say("354 go")
                text = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    text += part
                if self.server.answers.get("TEXT") == "cut":
                    return
                self.server.taken.append(text)
                self.say(self.server.answers.get("TEXT", "250 taken"))
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say(self.server.answers.get(word, "250 ok"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A folder with cert.pem and key.pem of 127.0.0.1, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    # Debian's ca-certificates brings openssl.
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=127.0.0.1",
            "-addext", "subjectAltName=IP:127.0.0.1",
        ],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def server(certificate, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as running:
        running.context, running.answers, running.taken, running.secured = context, {}, [], False
        running.daemon_threads = True
        threading.Thread(target=running.serve_forever, daemon=True).start()
        monkeypatch.setitem(config, "smtp.server", f"127.0.0.1:{running.server_address[1]}")
        monkeypatch.setitem(config, "smtp.starttls", True)
        monkeypatch.setitem(config, "ckanext.shopendata.mail.ca_file", str(certificate / "cert.pem"))
        yield running
        running.shutdown()


def test_mail_goes_to_a_server_that_proves_who_it_is(server):
    mail.send(LETTER)
    assert server.secured
    (text,) = server.taken
    assert b"\r\nBcc:" not in text, "a subject cannot bring headers of its own"


def test_a_server_that_cannot_prove_it_gets_nothing(server, monkeypatch):
    monkeypatch.setitem(config, "ckanext.shopendata.mail.ca_file", "")
    with pytest.raises(mail.NotTaken):
        mail.send(LETTER)
    assert server.taken == []


def test_so_does_one_with_another_name(server, monkeypatch):
    monkeypatch.setitem(config, "smtp.server", config["smtp.server"].replace("127.0.0.1", "localhost"))
    with pytest.raises(mail.NotTaken):
        mail.send(LETTER)
    assert server.taken == []


def test_a_server_elsewhere_is_never_spoken_to_in_clear(monkeypatch):
    class Plain(smtplib.SMTP):
        def __init__(self, *_args, **_options):
            pass

        def ehlo(self):
            self.esmtp_features = {}

        def starttls(self, **_options):
            raise smtplib.SMTPNotSupportedError("no TLS here")

        def close(self):
            pass

    monkeypatch.setattr(smtplib, "SMTP", Plain)
    monkeypatch.setitem(config, "smtp.server", "mail.example.org:25")
    monkeypatch.setitem(config, "smtp.starttls", False)
    with pytest.raises(mail.NotTaken):
        mail.send(LETTER)


@pytest.mark.parametrize(
    ("step", "answer", "error"),
    [
        ("MAIL", "451 later", mail.NotTaken),
        ("RCPT", "450 greylisted citizen@example.org", mail.NotTaken),
        ("RCPT", "550 citizen@example.org is unknown", mail.Rejected),
        ("TEXT", "452 full", mail.NotTaken),
        ("TEXT", "554 no", mail.Rejected),
        ("TEXT", "cut", mail.InDoubt),
    ],
)
def test_what_its_answers_mean(server, step, answer, error):
    server.answers[step] = answer
    with pytest.raises(mail.MailerException) as failed:
        mail.send(LETTER)
    assert type(failed.value) is error
    assert "citizen@" not in str(failed.value)


@pytest.mark.usefixtures("with_plugins", "app")
def test_ckans_own_mail_goes_the_same_way(server):
    mailer.mail_recipient("Lin", "citizen@example.org", "密码重置", "正文")
    assert len(server.taken) == 1
    server.answers["RCPT"] = "550 no"
    with pytest.raises(mailer.MailerException):
        mailer.mail_recipient("Lin", "citizen@example.org", "密码重置", "正文")
