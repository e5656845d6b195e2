"""One typed reader for each option; defaults and descriptions stand in ``config_declaration.yaml``."""

from __future__ import annotations

import os

from ckan.plugins import toolkit as tk

#: The variable by which gunicorn tells its processes where the gateway is.
GATEWAY_ADDRESS = "GATEWAY_ADDRESS"


def profile() -> str:
    """Code of the jurisdiction pack in force."""
    return tk.config["ckanext.shopendata.profile"]


def key_pepper() -> str:
    """Secret with which access keys are proved; empty where none is set."""
    return tk.config["ckanext.shopendata.key.pepper"]


def audit_anchors() -> str:
    """File outside of the database for heads of the chain of events; empty: none."""
    return tk.config["ckanext.shopendata.audit.anchors"]


def audit_syslog() -> str:
    """Socket of the system log."""
    return tk.config["ckanext.shopendata.audit.syslog"]


def audit_anchor_minutes() -> int:
    """Minutes between two heads, where events have been added."""
    return tk.config["ckanext.shopendata.audit.anchor_minutes"]


def audit_access_logs() -> str:
    """Folder of the front door's access log, a file a day; empty: none."""
    return tk.config["ckanext.shopendata.audit.access_logs"]


def audit_access_log_days() -> int:
    """Days for which it is kept."""
    return tk.config["ckanext.shopendata.audit.access_log_days"]


def session_idle_minutes() -> int:
    """Minutes without a request after which a log-in ends."""
    return tk.config["ckanext.shopendata.session.idle_minutes"]


def action_body_limit() -> int:
    """Largest body of an action call that carries no file, in bytes."""
    return tk.config["ckanext.shopendata.action.body_limit"]


def harvest_folder() -> str:
    """The folder below which catalogue files may be read; empty: none."""
    return tk.config["ckanext.shopendata.harvest.folder"]


def mail_folder() -> str:
    """The folder into which mails are written where no mail server is configured; empty: none."""
    return tk.config["ckanext.shopendata.mail.folder"]


def mail_ca_file() -> str:
    """Certificates of the authorities by which the mail server proves itself; empty: the system's."""
    return tk.config["ckanext.shopendata.mail.ca_file"]


def person_pepper() -> str:
    """Secret with which persons are known by their numbers; empty where none is set."""
    return tk.config["ckanext.shopendata.person.pepper"]


def totp_key() -> str:
    """Secret with which the secrets of devices for codes are encrypted; empty where none is set."""
    return tk.config["ckanext.shopendata.totp.key"]


def code_minutes() -> int:
    """Minutes for which a code that was typed lets its holder decide."""
    return tk.config["ckanext.shopendata.totp.minutes"]


def password_length() -> int:
    """Fewest characters of a password."""
    return tk.config["ckanext.shopendata.password.length"]


def token_days_limit() -> int:
    """Longest term of a token for the API, in days."""
    return tk.config["ckanext.shopendata.token.days_limit"]


def role_days() -> int:
    """Term of a role where none is asked for, in days."""
    return tk.config["ckanext.shopendata.role.days"]


def role_days_limit() -> int:
    """Longest term of a role, in days."""
    return tk.config["ckanext.shopendata.role.days_limit"]


def role_request_days() -> int:
    """Days after which a request for a role lapses that nobody has confirmed."""
    return tk.config["ckanext.shopendata.role.request_days"]


def delegation_days_limit() -> int:
    """Longest time for which a substitute can be named, in days."""
    return tk.config["ckanext.shopendata.delegation.days_limit"]


def gateway_url() -> str:
    """Where the data gateway is asked how it is: by the web processes directly, by commands through the front door."""
    return os.environ.get(GATEWAY_ADDRESS) or tk.config["ckan.site_url"].rstrip("/")


def source_url() -> str:
    """Where the portal's source code can be had; empty: nowhere yet."""
    return tk.config["ckanext.shopendata.source_url"]


def registration_hours() -> int:
    """For how long a link to register opens something."""
    return tk.config["ckanext.shopendata.registration.hours"]


def invitation_days() -> int:
    """For how long an invitation to an organisation can be accepted."""
    return tk.config["ckanext.shopendata.invitation.days"]


def oidc_issuer() -> str:
    """The OpenID provider whose accounts sign in here; empty: none does."""
    return tk.config["ckanext.shopendata.oidc.issuer"]


def oidc_client() -> str:
    """As what the portal is known to the provider."""
    return tk.config["ckanext.shopendata.oidc.client_id"]


def oidc_secret() -> str:
    """The portal's secret at the provider; empty: a public client, proved by PKCE alone."""
    return tk.config["ckanext.shopendata.oidc.client_secret"]


def oidc_scope() -> str:
    """What the provider is asked for."""
    return tk.config["ckanext.shopendata.oidc.scope"]


def oidc_level_claim() -> str:
    """The claim that says how well the provider knows somebody (实名等级)."""
    return tk.config["ckanext.shopendata.oidc.level_claim"]


def oidc_registers() -> bool:
    """Whether people whom the provider vouches for get an account here by signing in."""
    return tk.config["ckanext.shopendata.oidc.register"]


def oidc_name(language: str) -> str:
    """What the provider is called on the page for signing in."""
    return tk.config[f"ckanext.shopendata.oidc.name_{'zh' if language.startswith('zh') else 'en'}"]
