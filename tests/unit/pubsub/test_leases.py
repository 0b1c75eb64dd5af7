from datetime import datetime, timedelta

import pytest

from component.pubsub.model import Subscription, SubscriptionEnded, SubscriptionEnding
from component.pubsub.subscribing import Options
from tests.unit.pubsub.nodes import ANN, News, item
from tests.unit.pubsub.provisioned import ADMIN, NOW

pytestmark = pytest.mark.unit

DAY = timedelta(days=1)
END = NOW + 7 * DAY


def lease(service: News, expire: datetime | None = END) -> Subscription:
    request = service.request(ANN)
    service.do(lambda pubsub: pubsub.set_options(request, ANN, None, Options(expire=expire), NOW))
    (subscription,) = service.pubsub.subscriptions.values()
    return subscription


def pass_(service: News, until: datetime) -> list[type]:
    before = len(service.heard(ANN))
    service.do(lambda pubsub: pubsub.expire(until))
    return [type(event) for event in service.heard(ANN)[before:]]


def leased(expire: datetime = END) -> News:
    service = News()
    service.subscribe(ANN, "news")
    lease(service, expire)
    return service


def test_a_subscriber_is_reminded_once_a_day_before_a_lease_ends() -> None:
    service = leased()
    assert service.pubsub.due() == END - DAY
    assert not pass_(service, END - DAY - timedelta(seconds=1))
    assert pass_(service, END - DAY) == [SubscriptionEnding]
    assert not pass_(service, END - timedelta(seconds=1))
    assert pass_(service, END) == [SubscriptionEnded]


def test_who_renews_a_lease_is_reminded_of_the_new_end() -> None:
    service = leased()
    lease(service, END + DAY)
    assert not pass_(service, END - DAY)
    assert pass_(service, END) == [SubscriptionEnding]


@pytest.mark.parametrize("others", [[END + DAY], [None], [END + DAY, END + 2 * DAY]])
def test_who_changes_it_back_is_reminded_once(others: list[datetime | None]) -> None:
    service = leased()
    for other in others:
        lease(service, other)
    lease(service)
    assert pass_(service, END - DAY) == [SubscriptionEnding]


def test_of_a_short_lease_nobody_is_reminded() -> None:
    service = leased(NOW + DAY)
    assert service.pubsub.due() == NOW + DAY


def test_who_hears_late_of_the_end_is_not_reminded_of_it() -> None:
    service = leased()
    assert pass_(service, END) == [SubscriptionEnded]


def test_after_a_restart_one_is_reminded_again() -> None:
    """Nothing on record tells whether it was done before."""
    subscription = lease(leased())
    service = News()
    service.pubsub.load((), (), (subscription,), ())
    assert pass_(service, END - timedelta(hours=1)) == [SubscriptionEnding]


def test_a_reminder_that_is_undone_comes_again() -> None:
    service = leased()
    mark = service.ledger.mark()
    service.pubsub.expire(END - DAY)
    service.ledger.rollback(mark)
    assert pass_(service, END - DAY) == [SubscriptionEnding]


def test_what_changes_while_a_lease_lasts_is_not_remembered_until_its_end() -> None:
    """A digest is due anew with each item."""
    service = leased()
    request = service.request(ANN)
    wanted = Options(digest=timedelta(seconds=1), expire=END)
    service.do(lambda pubsub: pubsub.set_options(request, ANN, None, wanted, NOW))
    for second in range(20):
        service.post(ADMIN, item(str(second)))
        pass_(service, NOW + timedelta(seconds=2 * second))
    assert len(service.pubsub._state._due) < 5
