"""Over which servers and to which places reports go, who got them, and over which links."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from libs.client.answers import Delivery, DeliveryLinks, DeliveryTest, Destination, Me, Profile, TestSend
from libs.client.calls import API, Calls, step
from libs.client.problem import Unreachable


class DeliveryCalls(Calls):
    """Mail servers, destinations, deliveries, links, tests, and yourself."""

    def create_profile(self, name: str, url: str, sender: str, *, key: str = "", **settings: Any) -> Profile:
        """A mail server and who writes through it; `settings` are the other fields of `POST /smtp-profiles`."""
        return self._create("smtp-profiles", Profile, {"name": name, "url": url, "from": sender, **settings}, key)

    def change_profile(self, profile: UUID | str, **changes: Any) -> Profile:
        """Change fields of a profile; the schedules that use it follow. The sender is `**{"from": …}`."""
        return self._change(f"smtp-profiles/{step(profile)}", Profile, changes)

    def delete_profile(self, profile: UUID | str) -> None:
        """ApiProblem (409) while a schedule names it, or while it is the default of several."""
        self._delete(f"smtp-profiles/{step(profile)}")

    def profiles(self) -> Iterator[Profile]:
        """All profiles, by name."""
        return self._pages("smtp-profiles", Profile)

    def test_profile(self, profile: UUID | str, recipient: str = "", *, timeout_seconds: float = 60) -> DeliveryTest:
        """Have a mailer send a letter through it, to you if nobody is named; Unreachable if none answers in time."""
        body = {"recipient": recipient} if recipient else {}
        test = self._transport.call("POST", f"{API}/smtp-profiles/{step(profile)}/test/", DeliveryTest, body=body)
        return self._answered(test, "mailer", f"the profile {profile}", timeout_seconds)

    def create_destination(self, name: str, kind: str, url: str, *, key: str = "", **settings: Any) -> Destination:
        """A place that is no mailbox; `settings` are the other fields of `POST /destinations`."""
        return self._create("destinations", Destination, {"name": name, "kind": kind, "url": url, **settings}, key)

    def change_destination(self, destination: UUID | str, **changes: Any) -> Destination:
        """Change fields of a destination; the schedules that name it follow."""
        return self._change(f"destinations/{step(destination)}", Destination, changes)

    def delete_destination(self, destination: UUID | str) -> None:
        """ApiProblem (409) while a schedule names it."""
        self._delete(f"destinations/{step(destination)}")

    def destinations(self) -> Iterator[Destination]:
        """All destinations, by name."""
        return self._pages("destinations", Destination)

    def test_destination(self, destination: UUID | str, *, timeout_seconds: float = 60) -> DeliveryTest:
        """Have a mailer send a few words there; Unreachable if none answers in time."""
        test = self._transport.call("POST", f"{API}/destinations/{step(destination)}/test/", DeliveryTest)
        return self._answered(test, "mailer", f"the destination {destination}", timeout_seconds)

    def deliveries(self, **filters: Any) -> Iterator[Delivery]:
        """Deliveries, the latest first; `filters` are `report`, `address` and `state`."""
        return self._pages("deliveries", Delivery, **filters)

    def links(self, delivery_id: UUID) -> DeliveryLinks:
        """How often each file of a delivery was downloaded over a link."""
        return self._get(f"deliveries/{delivery_id}/links/", DeliveryLinks)

    def renew_links(self, delivery_id: UUID, days: int | None = None) -> DeliveryLinks:
        """New links to the files of a delivery, which work for `days`."""
        body = {} if days is None else {"days": days}
        return self._transport.call("POST", f"{API}/deliveries/{delivery_id}/links/", DeliveryLinks, body=body)

    def revoke_links(self, delivery_id: UUID) -> None:
        """Let every link to the files of a delivery that was made so far work no more."""
        self._delete(f"deliveries/{delivery_id}/links/")

    def test_schedule(
        self, schedule_id: UUID, recipient: str = "", *, key: str = "", timeout_seconds: float = 300
    ) -> TestSend:
        """Make the report of a schedule now and send it to you only, or to `recipient`; what came of it.

        Unreachable if it takes longer than the time.
        """
        deadline = time.monotonic() + timeout_seconds
        body, path = {"recipient": recipient} if recipient else {}, f"reports/schedules/{schedule_id}/test/"
        test = self._create(path, TestSend, body, key)
        while not test.ended:
            if time.monotonic() > deadline:
                raise Unreachable(f"The test {test.id} is still {test.status} after {timeout_seconds:g} s.")
            time.sleep(0.2)
            test = self._get(f"reports/{test.id}", TestSend)
        return test

    def me(self) -> Me:
        """Whose token this is."""
        return self._get("me/", Me)

    def change_me(self, **changes: Any) -> Me:
        """Change your `name` or `email`."""
        return self._change("me/", Me, changes)
