"""The expiry of accounts that never showed their address to be theirs."""

from itertools import chain, repeat

import pytest

from functions.schedules import expire_unverified as function
from lamina.access.policy import Role
from lamina.events.request_context import RequestContext
from lamina.identity.accounts import registration
from lamina.identity.accounts import service as accounts
from lamina.retention import expiry
from lamina.retention.expiry import Report, expire_unverified
from lamina.retention.purging import purge_users
from lamina.settings import settings
from lamina.users import purging, service
from lamina.users.model import Status, User
from lamina.users.service import NewUser
from tests.support.aging import age, naming
from tests.support.aws import Context, make_user, table_client
from tests.support.people import Mailbox, events_of, login, person

pytestmark = pytest.mark.usefixtures("aws")

CONTEXT = RequestContext(None, "test")


def always() -> bool:
    return True


def exists(user: User) -> bool:
    return service.find_by_email(user.email) == user.id


def aged(user: User, days: int = 8) -> User:
    age(table_client(), settings().table, user.id, days)
    return user


def verify(user: User, mailbox: Mailbox) -> None:
    accounts.verify_email(mailbox.token(user.email, "verification"), CONTEXT)


def test_an_account_that_is_unverified_after_a_week_goes_and_its_address_is_free_at_once() -> None:
    ann = aged(make_user("ann"))
    assert expire_unverified(always) == Report(finished=True, looked_at=1, expired=1)
    assert [(event.event_type, event.data) for event in events_of(ann.id)][-1] == (
        "user.purged",
        {"id": ann.id, "reason": "unverified"},
    )
    assert login(ann.email).status == 401
    assert make_user("ann").id != ann.id


def test_having_used_the_account_does_not_prove_the_address(mailbox: Mailbox) -> None:
    ann = person("ann")
    mailbox.deliver()
    aged(ann.user)
    assert expire_unverified(always).expired == 1
    assert not ann.is_signed_in()
    assert ann.refresh().status == 401


def test_the_next_purge_takes_what_was_theirs(mailbox: Mailbox) -> None:
    ann = person("ann")
    mailbox.deliver()
    aged(ann.user)
    expire_unverified(always)
    report = purge_users(always)
    assert (report.users, report.tombstones) == (0, 1)
    assert report.items.keys() == {"credentials", "events", "trusted devices", "sessions", "tokens and clients"}
    found = naming(table_client(), settings().table, ann.id, ann.user.email)
    assert sorted(item["kind"]["S"] for item in found) == ["event", "tombstone"]


def test_a_younger_account_has_its_time() -> None:
    ann = aged(make_user("ann"), 6)
    assert expire_unverified(always) == Report(finished=True)
    assert exists(ann)
    aged(ann, 2)
    assert expire_unverified(always).expired == 1


def test_who_has_proven_an_address_stays_also_after_changing_it(mailbox: Mailbox) -> None:
    ann, bob = make_user("ann"), make_user("bob")
    verify(ann, mailbox)
    verify(bob, mailbox)
    changed = service.update(bob.id, {"email": "bob@example.org"}, CONTEXT, if_version=lambda _: True)
    assert not changed.email_verified
    aged(ann)
    aged(changed)
    assert expire_unverified(always) == Report(finished=True, looked_at=2)
    assert exists(ann)
    assert exists(changed)


def test_whom_an_admin_has_made_promoted_or_suspended_stays() -> None:
    admin = make_user("admin", Role.ADMIN)
    new = NewUser(email="made@example.com", username="made", name="Made")
    made = registration.register(new, None, RequestContext(admin.id, "test"))
    stay = [admin, made, make_user("editor", Role.EDITOR), make_user("out", status=Status.SUSPENDED)]
    for each in stay:
        aged(each)
    assert expire_unverified(always) == Report(finished=True, looked_at=4)
    assert all(exists(each) for each in stay)


def test_who_verifies_as_the_expiry_comes_stays(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = make_user("ann")
    token = mailbox.token(ann.email, "verification")
    aged(ann)
    replace = purging._replace

    def verified_first(*about: object) -> None:
        accounts.verify_email(token, CONTEXT)
        replace(*about)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(purging, "_replace", verified_first)
    assert expire_unverified(always).expired == 0
    assert exists(ann)


def test_no_user_is_looked_at_in_every_run_and_a_run_goes_on_where_time_ran_out() -> None:
    for number in range(5):
        aged(make_user(f"user{number}"))
    answers = chain(repeat(True, 3), repeat(False))
    first = expire_unverified(lambda: next(answers))
    assert (first.finished, first.expired) == (False, 2)
    assert expire_unverified(always) == Report(finished=True, looked_at=3, expired=3)
    for number in range(5):
        aged(make_user(f"editor{number}", Role.EDITOR), 7)
    assert expire_unverified(always) == Report(finished=True, looked_at=5)
    assert expire_unverified(always).looked_at <= 1


def test_who_was_suspended_when_its_time_was_up_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    out = aged(make_user("out", status=Status.SUSPENDED))
    aged(make_user("editor", Role.EDITOR))
    assert expire_unverified(always) == Report(finished=True, looked_at=2)
    service.update(out.id, {"status": Status.ACTIVE}, CONTEXT, if_version=lambda _: True)
    assert expire_unverified(always).expired == 0
    with monkeypatch.context() as a_week_later:
        a_week_later.setattr(expiry, "ROUND_SECONDS", -1)
        expire_unverified(always)
    assert expire_unverified(always) == Report(finished=True, looked_at=2, expired=1)
    assert not exists(out)
    assert expire_unverified(always).looked_at <= 1


def test_who_kept_being_changed_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ann = aged(make_user("ann"))
    with monkeypatch.context() as patched:
        patched.setattr(purging, "ATTEMPTS", 0)
        patched.setattr(expiry, "ROUND_SECONDS", -1)
        assert expire_unverified(always).expired == 0
    assert expire_unverified(always).expired == 1
    assert not exists(ann)


def test_a_dry_run_says_the_same_and_changes_nothing() -> None:
    aged(make_user("ann"))
    before = naming(table_client(), settings().table, "")
    event = function.handler({"dry_run": True}, Context())  # type: ignore[arg-type]  # it has what is read
    assert naming(table_client(), settings().table, "") == before
    assert event == {"finished": True, "looked_at": 1, "expired": 1}
    assert function.handler({}, Context()) == event  # type: ignore[arg-type]  # it has what is read
