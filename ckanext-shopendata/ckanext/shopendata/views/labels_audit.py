"""Words on screen for events: what was done, to what."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

__all__ = ["faults", "object_types", "verb", "verbs"]


def verbs() -> dict[str, str]:
    """What can happen. A verb without a word here is shown as it is."""
    return {
        "agency.create": tk._("Agency registered"),
        "agency.change": tk._("Agency changed"),
        "agency.rename": tk._("Agency renamed"),
        "agency.merge": tk._("Agencies merged"),
        "agency.dissolve": tk._("Agency dissolved"),
        "division.save": tk._("Division saved"),
        "division.remove": tk._("Division taken out"),
        "account.verify": tk._("Account tied to a person"),
        "account.link": tk._("Account linked to one of another portal"),
        "account.unlink": tk._("Account no longer linked to one of another portal"),
        "role.install": tk._("First security administrator made at the console"),
        "role.request": tk._("Role asked for"),
        "role.confirm": tk._("Role given"),
        "role.decline": tk._("Role declined"),
        "delegation.create": tk._("Substitute named"),
        "delegation.end": tk._("Delegation ended"),
        "preference.save": tk._("Notices chosen"),
        "role.revoke": tk._("Role taken back"),
        "entry.confirm": tk._("Entry confirmed"),
        "entry.complete": tk._("Entry completed"),
        "entry.check": tk._("Entry checked"),
        "entry.return": tk._("Entry returned"),
        "entry.reject": tk._("Entry taken out of the catalogue"),
        "dataset.propose": tk._("Tier of a dataset proposed"),
        "dataset.decide": tk._("Tier of a dataset decided"),
        "dataset.publish": tk._("Dataset published"),
        "dataset.withdraw": tk._("Dataset withdrawn"),
        "dataset.suspend": tk._("Opening of a dataset suspended"),
        "dataset.resume": tk._("Dataset resumed"),
        "openlist.compile": tk._("Open list compiled"),
        "openlist.sign": tk._("Open list signed"),
        "openlist.publish": tk._("Open list published"),
        "openlist.discard": tk._("Open list discarded"),
        "application.save": tk._("Application saved"),
        "application.submit": tk._("Application submitted"),
        "application.accept": tk._("Application accepted"),
        "application.correct": tk._("Correction of an application asked for"),
        "application.refuse": tk._("Application not accepted"),
        "application.withdraw": tk._("Application withdrawn"),
        "application.lapse": tk._("Application lapsed"),
        "case.open": tk._("Case opened"),
        "case.extend": tk._("Time limit of a case extended"),
        "case.withdraw": tk._("Case withdrawn"),
        "case.decide": tk._("Case decided"),
        "agreement.confirm": tk._("Agreement confirmed"),
        "grant.activate": tk._("Access right in force"),
        "grant.suspend": tk._("Access right suspended"),
        "grant.resume": tk._("Access right resumed"),
        "grant.revoke": tk._("Access right revoked"),
        "application.hand_over": tk._("Application handed over"),
        "grant.hand_over": tk._("Access right handed over"),
        "key.hand_over": tk._("Access key handed over"),
        "account.register": tk._("Account registered"),
        "account.save": tk._("Profile changed"),
        "account.mail": tk._("Another mail address asked for"),
        "account.mail_confirm": tk._("Mail address changed"),
        "organisation.create": tk._("Organisation added"),
        "organisation.save": tk._("Organisation changed"),
        "organisation.submit": tk._("Organisation handed in"),
        "organisation.take_back": tk._("Organisation taken back"),
        "organisation.close": tk._("Organisation closed"),
        "organisation.verify": tk._("Organisation verified"),
        "organisation.take_over": tk._("Organisation taken over"),
        "organisation.return": tk._("Organisation returned"),
        "proof.add": tk._("Proof added"),
        "proof.remove": tk._("Proof removed"),
        "member.invite": tk._("Member invited"),
        "member.withdraw_invitation": tk._("Invitation withdrawn"),
        "member.join": tk._("Invitation accepted"),
        "member.change": tk._("Functions of a member changed"),
        "member.end": tk._("Membership ended"),
        "key.create": tk._("Access key made"),
        "key.revoke": tk._("Access key revoked"),
        "harvest.run": tk._("Catalogue synchronised"),
        "harvest.refuse": tk._("Record refused"),
        "event.export": tk._("Extract of the record taken"),
        "audit.restore": tk._("Record continued after a restore"),
        "maintenance.begin": tk._("Maintenance begun: the portal is read-only"),
        "maintenance.change": tk._("Maintenance announced anew"),
        "maintenance.end": tk._("Maintenance ended"),
        "erasure.ask": tk._("Erasing of personal data asked for"),
        "erasure.withdraw": tk._("Request to erase personal data withdrawn"),
        "erasure.refuse": tk._("Erasing of personal data declined"),
        "erasure.approve": tk._("Account closed, personal data erased"),
        "redaction.ask": tk._("Erasing of a content asked for"),
        "redaction.confirm": tk._("Erasing of a content confirmed"),
        "redaction.refuse": tk._("Erasing of a content declined"),
        "account.lock": tk._("Account locked against guessing"),
        "account.device": tk._("Device for codes set up"),
        "account.password": tk._("Password or mail address changed"),
        "account.forgot": tk._("Link for a forgotten password asked for"),
        "session.end": tk._("Log-ins ended"),
        "credential.ask": tk._("Replacing of credentials asked for"),
        "credential.confirm": tk._("Credentials replaced"),
        "credential.decline": tk._("Replacing of credentials declined"),
    }


def object_types() -> dict[str, str]:
    """What events are about."""
    return {
        "agency": tk._("Agency"),
        "division": tk._("Division"),
        "account": tk._("Account"),
        "role": tk._("Role"),
        "delegation": tk._("Delegation"),
        "preference": tk._("Choice of notices"),
        "entry": tk._("Entry"),
        "dataset": tk._("Dataset"),
        "portal": tk._("Portal"),
        "openlist": tk._("Open list"),
        "application": tk._("Application"),
        "case": tk._("Case"),
        "grant": tk._("Access right"),
        "key": tk._("Access key"),
        "organisation": tk._("Organisation"),
        "harvest_run": tk._("Synchronisation"),
        "harvest_record": tk._("Record of a source"),
        "erasure": tk._("Request to erase personal data"),
        "event": tk._("Event"),
        "redaction": tk._("Erasing of a content"),
        "audit": tk._("Audit record"),
        "credential": tk._("Lost credentials"),
    }


def faults() -> dict[str, str]:
    """What can be wrong with one event."""
    return {
        "altered": tk._("This event, or its link in the chain, is not what was sealed."),
        "payload_altered": tk._("The content is not what was recorded."),
        "missing": tk._("The event is missing."),
    }


def verb(code: str) -> str:
    """What was done."""
    return verbs().get(code, code)
