"""A small world for tests: an agency, its people, and entries as a harvester leaves them."""

import base64
import datetime as dt
import threading
import uuid

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckanext.shopendata import clock, config
from ckanext.shopendata.logic import link as links
from ckanext.shopendata.logic.action.people import CONSOLE
from ckanext.shopendata.logic.presence import in_person
from ckanext.shopendata.model import Agency as AgencyRow
from ckanext.shopendata.model import Dataset, Entry, Item, Person, Proposal, Resource, RoleHolding, sessions
from ckanext.shopendata.policy import people
from ckanext.shopendata.policy.credit_code import last_sign
from ckanext.shopendata.policy.role import digest
from ckanext.shopendata.publish import intake
from ckanext.shopendata.slugs import slug

BASES = [{"rule": "上海市公共数据和一网通办管理办法", "article": "30", "kind": "rule"}]
LAW = [{"rule": "中华人民共和国网络安全法", "article": "40", "kind": "law"}]
CONDITIONS = "仅用于申请的应用场景"


def call(action, user, /, **data):
    """An action as this person, who has just typed a code, through CKAN like any caller."""
    account = model.User.get(user)
    with in_person(account.id if account else ""):
        return tk.get_action(f"shopendata_{action}")({"user": user}, data)


def code_typed(*names):
    """As if a code had just been typed in every session of these people: their browsers decide without asking."""
    wanted = sa.select(model.User.id).where(model.User.name.in_(names))
    model.Session.execute(sa.update(sessions).where(sessions.c.user_id.in_(wanted)).values(code_at=clock.now()))
    model.Session.commit()


def elsewhere(work):
    """Does something in a session of its own, as another process would."""
    problems = []

    def run():
        try:
            work()
        except BaseException as error:
            problems.append(error)
        finally:
            model.Session.remove()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if problems:
        raise problems[0]


def person(name, *roles, sysadmin=False):
    """An account holding roles: words, or (word, agency) pairs. Returns its name."""
    tk.get_action("user_create")(
        {"ignore_auth": True, "user": ""}, {"name": name, "email": f"{name}@example.org", "password": "correct-horse-9"}
    )
    if sysadmin:
        tk.get_action("user_patch")({"ignore_auth": True, "user": ""}, {"id": name, "sysadmin": True})
    for role in roles:
        word, agency = role if isinstance(role, tuple) else (role, None)
        hold(name, word, agency)
    model.Session.commit()
    return name


def hold(name, word, agency=None):
    """A role as two security administrators leave it, without them; the caller commits. Returns its identifier."""
    user = model.User.get(name)
    place = agency and model.Session.query(AgencyRow.id).filter(
        sa.or_(AgencyRow.id == agency, AgencyRow.name == agency)
    )
    place = place.scalar() if place else None
    people.check_place(people.Role(word), place)
    if model.Session.get(Person, user.id) is None:
        known = digest(number(name), config.person_pepper())
        now = clock.now()
        model.Session.add(Person(user_id=user.id, digest=known, staff=True, verified_by=CONSOLE, verified_at=now))
    held = RoleHolding(
        user_id=user.id, role=word, agency_id=place, granted_by=CONSOLE, granted_at=clock.now(),
        until=clock.now() + dt.timedelta(days=365), ending="", ending_note="",
    )  # fmt: skip
    model.Session.add(held)
    model.Session.flush()
    return held.id


def number(name):
    """The number of the identity document of a person of the tests."""
    return "TEST" + "".join(letter for letter in name.upper() if letter.isalnum())


class Agency:
    """An agency with one person for each of its roles."""

    def __init__(self, operator, key, title):
        self.agency = call("agency_create", operator, title=title, name=key, kind="administrative", level="city")
        self.id, self.name = self.agency["id"], key
        self.administrator = person(f"{key}-administrator", ("data_administrator", key))
        self.reviewer = person(f"{key}-reviewer", ("reviewer", key))
        self.signer = person(f"{key}-signer", ("signer", key))

    def entry(self, title, declared=None, columns=(), rows=None, **fields):
        """An entry with its default dataset, as harvested; ``rows`` go to the intake. Returns both ids."""
        now = clock.now()
        defaults = {
            "id": str(uuid.uuid4()), "title": title, "agency_id": self.id, "update_frequency": "daily",
            "state": "harvested", "created_at": now, "updated_at": now, "has_data": rows is not None,
        }  # fmt: skip
        entry = Entry(**(defaults | fields))
        dataset = Dataset(
            id=str(uuid.uuid4()),
            entry_id=entry.id,
            name=slug(title, entry.id),
            title=title,
            notes=fields.get("abstract", ""),
            state="proposed" if declared else "undecided",
            tier="undecided",
            created_at=now,
            updated_at=now,
        )
        model.Session.add(entry)
        model.Session.flush()
        model.Session.add(dataset)
        model.Session.flush()
        for position, (code, name, kind, mask) in enumerate(columns):
            model.Session.add(Item(entry_id=entry.id, position=position, code=code, name=name, type=kind, mask=mask))
        if declared:
            needs = declared != "unconditional"
            reason = {"conditional": ["timeliness"], "closed": ["personal_privacy"]}.get(declared, [])
            model.Session.add(
                Proposal(
                    dataset_id=dataset.id, tier=declared, proposed_at=now, reasons=reason,
                    bases=BASES if needs else [], conditions=CONDITIONS if declared == "conditional" else "",
                )
            )  # fmt: skip
        if rows is not None:
            with intake.connect() as vault:
                original = intake.store(vault, entry.id, [column[0] for column in columns], rows)
            model.Session.add(Resource(dataset_id=dataset.id, name=title, original_id=original.id))
        model.Session.commit()
        return entry.id, dataset.id

    def open(self, centre, *entries, **decision):
        """Confirms, completes, checks and decides entries as declared, then lists and publishes them."""
        ids, datasets = [entry for entry, _ in entries], [dataset for _, dataset in entries]
        call("entry_confirm", self.administrator, ids=ids)
        call("entry_complete", self.administrator, ids=ids, acquisition_method="direct", reason="法定职责采集")
        call("entry_check", centre, ids=ids)
        call("dataset_decide", self.reviewer, ids=datasets, **decision)
        self.publish_list()

    def loosen(self, dataset):
        """Decides a dataset unconditional, as another person proposed."""
        call("dataset_propose", self.administrator, ids=[dataset], tier="unconditional")
        call("dataset_decide", self.reviewer, ids=[dataset])

    def tighten(self, dataset):
        """Decides an open dataset conditional."""
        call("dataset_decide", self.reviewer, ids=[dataset], tier="conditional", reasons=["timeliness"], bases=BASES,
             conditions=CONDITIONS)  # fmt: skip

    def close(self, dataset):
        """Decides a dataset closed, because the law forbids."""
        call("dataset_decide", self.reviewer, ids=[dataset], tier="closed", reasons=["law_forbids"], bases=LAW)

    def publish_list(self):
        version = call("openlist_compile", self.administrator, agency=self.name)
        call("openlist_sign", self.signer, id=version["id"])
        return call("openlist_publish", self.reviewer, id=version["id"])


PROOF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def credit_code(number, kind="91"):
    """A well-formed unified social credit code that belongs to nobody; ``kind`` 11 is an agency's."""
    code = f"{kind}990000MA{number:06d}0"
    return code + last_sign(code)


def organisation(agent, number=1, *, intake=None, name="示例出行科技（上海）有限公司", code=None):
    """An organisation with an agent; verified where an intake officer is given. Returns its identifier."""
    made = call(
        "organisation_create", agent, kind="enterprise", name=name, code=code or credit_code(number),
        phone="021-00001234", legal_representative="林晓", address="上海市示例路1号",
    )["id"]  # fmt: skip
    call("proof_add", agent, organisation=made, name="执照.pdf", content=base64.b64encode(PROOF).decode())
    if intake:
        version = call("organisation_submit", agent, id=made)["version"]
        call("organisation_verify", intake, id=made, version=version)
    return made


def join(organisation, account, *functions, by):
    """Makes an account a member, as an accepted invitation does. Returns the member's identifier."""
    mail = model.User.get(account).email
    shown = call("member_invite", by, organisation=organisation, mail=mail, functions=list(functions))
    link = next(one["id"] for one in shown["invitations"] if one["mail"] == mail)
    shown = call("invitation_accept", account, token=links.secret(link))
    return next(one["id"] for one in shown["members"] if one["me"])


FORM = {
    "applicant_kind": "natural_person",
    "applicant_name": "林晓",
    "credit_code": "",
    "contact_name": "林晓",
    "contact_phone": "021-00001234",
    "purpose": "product",
    "scenario": "为乘客规划出行路线",
    "necessity": "到站时间用于计算换乘",
    "safeguards": "等保三级，日志保存三年",
    "months": "6",
    "calls_per_day": "1000",
}


def granted(applicant, intake_officer, agency, dataset):
    """An application through to an active grant; returns the grant."""
    application = call("application_save", applicant, datasets=[dataset], form=FORM)
    call("application_submit", applicant, id=application["id"])
    case = call("application_accept", intake_officer, id=application["id"])["cases"][0]
    call("case_decide", agency.reviewer, id=case["id"], verb="grant", opinion="同意开放")
    call("agreement_confirm", applicant, id=case["id"])
    call("agreement_confirm", agency.signer, id=case["id"])
    return next(one for one in call("grant_list", applicant) if one["dataset"]["id"] == dataset)


def yesterday():
    return clock.today() - dt.timedelta(days=1)
