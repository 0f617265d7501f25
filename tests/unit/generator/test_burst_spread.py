"""Personal reports: who gets one, in which order, and what becomes of them when somebody stops them or dies."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from burst_world import ALL_SCORES, EACH, Club, lines, parts, states
from generator_world import FIRST, REPORT, OwnHands, World
from sqlalchemy import event, select

from libs.common import ids
from libs.common.addresses import parse_allowed
from libs.common.conditions import Condition, Conditions
from libs.common.delivering import Burst, Destination
from libs.common.errors import PermanentFailure
from libs.common.handling import Keeping
from libs.common.messages import (
    BurstChanged,
    ContinueBurst,
    DeliverReport,
    DeliveryPlan,
    GenerateReport,
    Parameter,
    Query,
    ReportCancelled,
    ReportCancelRequested,
    ReportFailed,
    ReportGenerated,
    ReportSkipped,
    ReportSpread,
    StopBurst,
)
from services.generator.burst import bursts
from services.generator.burst.deciding import continue_burst, stop_burst
from services.generator.burst.spreader import STALLED, Spreader
from services.generator.expiry import clean
from services.generator.generate import generate
from services.generator.listener import CancelListener
from services.generator.tables import journal


@pytest.fixture
def club(world: World) -> Club:
    return Club(world)


def decide(club: Club, what: type[ContinueBurst | StopBurst]) -> None:
    command = what(report_id=REPORT, requested_by="ann", requested_at=club.world.now)
    verb = continue_burst if what is ContinueBurst else stop_burst
    verb(command, FIRST, club.world.workshop)  # type: ignore[operator]


def twenty(club: Club) -> None:
    club.members(*((number, f"m{number}@example.org", f"Member {number}") for number in range(20)))


def test_each_recipient_gets_a_report_with_what_is_theirs(club: Club) -> None:
    club.members(
        (1, " Ann@Example.ORG ", "Ann\r\nBcc: x", "de", "csv, json"),
        (2, "bob@bücher.example", None),
    )
    club.scores((1, "a", 5), (1, "b", 6), (2, "a", 7))
    sql = "SELECT address, name, locale, formats, id AS member FROM members ORDER BY id"
    said = club.spread(club.order(Burst(sql=sql)))
    (spread,) = [one for one in said if isinstance(one, ReportSpread)]
    assert (spread.recipients, spread.duplicates, spread.without_rows, spread.state) == (2, 0, None, "spreading")
    assert states(said) == ["spread"]
    ann, bob = parts(said)
    assert ann.report_id == ids.part_id(REPORT, "email:ann@example.org")
    assert (ann.parent_id, ann.schedule_id, ann.order.priority, ann.order.burst) == (
        REPORT,
        bob.schedule_id,
        "low",
        None,
    )
    assert ann.order.parameters == (Parameter(name="member", type="integer", value=1),)
    assert (ann.order.formats, bob.order.formats) == (("csv", "json"), ("csv",))
    (recipient,) = ann.order.delivery.recipients
    assert (recipient.address, recipient.name, recipient.locale) == ("ann@example.org", "Ann Bcc: x", "de")
    assert (ann.order.template.look.locale, bob.order.template.look.locale) == (
        "de",
        club.order(Burst(sql="")).order.template.look.locale,
    )
    assert [(one.position, one.report_id, one.refusal) for one in lines(said)] == [
        (0, ann.report_id, ""),
        (1, bob.report_id, ""),
    ]

    made = club.make([ann, bob])
    files = {one.report_id: one.artifacts for one in made if isinstance(one, ReportGenerated)}
    assert club.rows_of(files[ann.report_id][0].key).splitlines() == ["member,quiz,score", "1,a,5", "1,b,6"]
    assert club.rows_of(files[bob.report_id][0].key).splitlines() == ["member,quiz,score", "2,a,7"]
    letters = {one.recipient.address: one.artifacts for one in made if isinstance(one, DeliverReport)}
    assert letters == {"ann@example.org": files[ann.report_id], "bob@bücher.example": files[bob.report_id]}


OPS = Destination(destination_id=UUID(int=77), name="ops", kind="slack", sealed_url="x", shown="y")
LINES: list[tuple[str, str, str]] = [
    ("'ann@example.org' AS address", "", ""),
    ("NULL AS address", "without_address", "no address"),
    ("'  ' AS address", "without_address", "no address"),
    ("'ann' AS address", "invalid", "no e-mail address"),
    ("'ann@example.org\nBcc: b@example.org' AS address", "invalid", "no e-mail address"),
    ("'ann@example.com' AS address", "not_allowed", "ann@example.com is not allowed"),
    ("'ann@example.org' AS address, 'x' AS member", "unfit", "'member' must be a whole number, not 'x'"),
    ("'ann@example.org' AS address, 1.5 AS member", "unfit", "'member' must be a whole number"),
    ("'ann@example.org' AS address, 9223372036854775808 AS member", "unfit", "'member' must be a whole number"),
    ("'ann@example.org' AS address, 7.0 AS member", "", ""),
    ("'ann@example.org' AS address, NULL AS member", "", ""),
    ("'ann@example.org' AS address, '2026-02-30' AS day", "unfit", "'day' must be a date"),
    ("'ann@example.org' AS address, '2026-02-28 00:00:00' AS day", "", ""),
    ("'ann@example.org' AS address, '2026-02-28 10:00:00' AS day", "unfit", "'day' must be a date"),
    ("'ann@example.org' AS address, 'doc' AS formats", "unfit", "no format 'doc'"),
    ("'ann@example.org' AS address, 'de; x' AS locale", "unfit", "locale must be one like"),
    ("'ann@example.org' AS address, 'slack' AS channel", "unfit", "no destination"),
    ("'ann@example.org' AS address, 'hall' AS destination", "unfit", "none of those"),
    ("'' AS address, 'ops' AS destination", "", ""),
    ("'' AS address, 'ops' AS destination, 'webhook' AS channel", "unfit", "'ops' is a slack"),
]


def test_what_is_wrong_with_one_recipient_is_told_of_them_alone(club: Club, world: World) -> None:
    object.__setattr__(world.workshop, "allowed", parse_allowed("example.org"))
    parameters = (
        Parameter(name="member", type="integer", value=0),
        Parameter(name="day", type="date", value="2026-01-01"),
    )
    for number, (columns, refusal, reason) in enumerate(LINES):
        plan = DeliveryPlan(destinations=(OPS,))
        order = club.order(Burst(sql=f"SELECT {columns}"), parameters=parameters, delivery=plan)
        said = club.spread(GenerateReport(report_id=UUID(int=100 + number), order=order.order, requested_at=world.now))
        (line,) = lines(said)
        assert line.refusal == refusal, columns
        assert reason in line.reason, columns
        assert len(parts(said)) == (not refusal), columns
        for part in parts(said):
            assert len(part.order.delivery.recipients) + len(part.order.delivery.destinations) == 1


def test_who_is_named_twice_gets_one_report(club: Club) -> None:
    club.members((1, "ann@example.org"), (1, "ANN@example.org "), (2, "ann@example.org"), (3, "bob@example.org"))
    said = club.spread(club.order(Burst(sql=EACH)))
    assert [one.duplicates for one in said if isinstance(one, ReportSpread)] == [1]
    assert [one.order.parameters[0].value for one in parts(said)] == [1, 3]
    assert [line.refusal for line in lines(said)] == ["", "unfit", ""]
    assert "named before with other values" in lines(said)[1].reason
    with_keys = club.order(Burst(sql="SELECT address, id AS member, id AS key FROM members"))
    said = club.spread(GenerateReport(report_id=UUID(int=8), order=with_keys.order, requested_at=club.world.now))
    assert [one.order.parameters[0].value for one in parts(said)] == [1, 2, 3]


WRONG_QUERIES = [
    ("SELECT id AS member FROM members", "", "must give a column 'address'"),
    ("SELECT address, id AS ID FROM members", "", "'ID', which is no parameter of the template; it has 'member'"),
    ("SELECT address FROM members", "member", "must give a column 'key'"),
    ("SELECT address, id AS key, id AS member FROM members", "member", "cannot be a parameter"),
    ("SELECT address, id AS key FROM members", "club", "shared out by 'club', which the query 'Scores' does not give"),
    ("SELECT address, nothing FROM members", "", "Recipients"),
]


@pytest.mark.parametrize(("sql", "share_out_by", "reason"), WRONG_QUERIES)
def test_a_query_that_no_burst_can_use_fails_for_good(club: Club, sql: str, share_out_by: str, reason: str) -> None:
    club.members((1, "ann@example.org"))
    club.scores((1, "a", 5))
    command = club.order(Burst(sql=sql, share_out_by=share_out_by))
    with pytest.raises(PermanentFailure, match=reason):
        club.world.generate(command)
    (failed,) = [one for one in club.world.said() if isinstance(one, ReportFailed)]
    assert reason in failed.reason
    assert club.state() is None


def test_a_burst_without_recipients_is_at_its_end(club: Club) -> None:
    said = club.spread(club.order(Burst(sql=EACH, share_out_by="")))
    assert [(one.recipients, one.state) for one in said if isinstance(one, ReportSpread)] == [(0, "spread")]
    assert parts(said) == []


def test_too_many_recipients_wait_for_a_person(club: Club) -> None:
    twenty(club)
    said = club.spread(club.order(Burst(sql=EACH, cap=19, canary=2)))
    (spread,) = [one for one in said if isinstance(one, ReportSpread)]
    assert spread.state == "held"
    assert spread.reason == "There are 20 recipients, more than the cap of 19: a person has to let them go on."
    assert parts(said) == []
    decide(club, ContinueBurst)
    club.spreader.step()
    said = club.world.said()
    assert (states(said), len(parts(said))) == (["spreading", "paused"], 2)


def test_the_canary_goes_first_and_the_rest_waits(club: Club) -> None:
    twenty(club)
    club.run("UPDATE members SET address = NULL WHERE id = 1")
    said = club.spread(club.order(Burst(sql=EACH, canary=3)))
    assert (len(parts(said)), [line.position for line in lines(said)], states(said)) == (3, [0, 1, 2, 3], ["paused"])
    (changed,) = [one for one in said if isinstance(one, BurstChanged)]
    assert changed.reason == "The first 3 reports are ordered; the other 16 wait until somebody lets them go on."
    for _ in range(2):
        assert not club.spreader.step()
    decide(club, ContinueBurst)
    decide(club, ContinueBurst)
    while club.spreader.step():
        pass
    said = club.world.said()
    assert (len(parts(said)), states(said)) == (16, ["spreading", "spread"])
    assert [line.position for line in lines(said)] == list(range(4, 20))
    assert club.state().version == 4


def test_no_more_than_the_window_is_under_way(world: World) -> None:
    club = Club(world, window=6)
    twenty(club)
    club.scores((1, "a", 5))
    said = club.spread(club.order(Burst(sql=EACH)))
    assert len(parts(said)) == 6
    made = club.make(parts(said)[:4])
    assert len([one for one in made if isinstance(one, ReportGenerated)]) == 4
    club.spreader.step()
    assert len(parts(world.said())) == 4
    assert not club.spreader.step()
    world.now += STALLED + timedelta(seconds=1)
    assert club.spreader.step(), "reports of which nothing is heard do not hold up the others for ever"
    assert len(parts(world.said())) == 1


def test_a_stopped_burst_orders_nothing_more_and_what_has_not_begun_is_cancelled(world: World) -> None:
    club = Club(world, window=4)
    twenty(club)
    ordered = parts(club.spread(club.order(Burst(sql=EACH))))
    club.make(ordered[:1])
    decide(club, StopBurst)
    decide(club, StopBurst)
    assert not club.spreader.step()
    assert states(world.said()) == ["stopped"]
    made = club.make(ordered)
    assert {one.report_id for one in made if isinstance(one, ReportCancelled)} == {one.report_id for one in ordered[1:]}
    assert not [one for one in made if isinstance(one, ReportGenerated)]
    decide(club, ContinueBurst)
    assert states(world.said()) == []


def test_to_cancel_the_report_stops_its_burst(club: Club, world: World) -> None:
    twenty(club)
    club.spread(club.order(Burst(sql=EACH, canary=1)))
    listener = CancelListener(world.workshop.journal, clock=lambda: world.now, wake=lambda: None)
    with world.store.begin() as session:
        request = ReportCancelRequested(at=world.now, report_id=REPORT, requested_by="ann", reason="wrong month")
        listener.cancel_requested(session, request)
    (changed,) = [one for one in world.said() if isinstance(one, BurstChanged)]
    assert (changed.state, changed.by, changed.reason) == ("stopped", "ann", "wrong month")


def test_of_two_generators_one_orders_a_report(club: Club, world: World) -> None:
    twenty(club)
    world.generate(club.order(Burst(sql=EACH)))
    with world.store.read() as session:
        (seen,) = bursts.spreading(session, 1)
    while club.spreader.step():
        pass
    assert len(parts(world.said())) == 20
    slow = Spreader(world.another("two", OwnHands()).journal, world.storage, 500, lambda: world.now)
    slow._order(seen, 500)
    assert world.said() == []


def test_a_death_before_the_commit_has_ordered_nothing(club: Club, world: World) -> None:
    twenty(club)
    world.generate(club.order(Burst(sql=EACH)))
    world.said()

    class Death(BaseException):
        """As SIGKILL: nothing after it happens."""

    def die(_connection: object) -> None:
        raise Death

    event.listen(world.store.engine, "commit", die)
    with pytest.raises(Death):
        club.spreader.step()
    event.remove(world.store.engine, "commit", die)
    assert world.said() == []
    assert club.state().position == 0
    while club.spreader.step():
        pass
    assert len({one.report_id for one in parts(world.said())}) == 20


def test_a_burst_whose_list_has_expired_is_stopped(club: Club, world: World) -> None:
    twenty(club)
    command = club.order(Burst(sql=EACH, canary=2), look={"keeping": Keeping(days=7)})
    club.spread(command)
    world.now += timedelta(days=8)
    clean(world.workshop.journal, world.storage, lambda: world.now)
    (changed,) = [one for one in world.said() if isinstance(one, BurstChanged)]
    assert (changed.state, changed.reason) == ("stopped", bursts.EXPIRED)
    kept = [path for path in (world.folder / "artifacts").rglob("*") if path.is_file()]
    assert not kept
    world.now += timedelta(days=91)
    clean(world.workshop.journal, world.storage, lambda: world.now)
    assert club.state() is None


def test_a_list_that_is_gone_stops_the_burst_in_words(club: Club, world: World) -> None:
    twenty(club)
    world.generate(club.order(Burst(sql=EACH)))
    world.storage.delete_under("reports")
    assert not club.spreader.step()
    (changed,) = [one for one in world.said() if isinstance(one, BurstChanged)]
    assert changed.state == "stopped"
    assert "no longer in the artifact storage" in changed.reason


def test_conditions_hold_for_each_recipient_by_themselves(club: Club, world: World) -> None:
    club.members((1, "ann@example.org"), (2, "bob@example.org"))
    club.scores((1, "a", 5))
    conditions = Conditions(
        send_empty=False, crossing=True, only_if=(Condition(query="Scores", measure="score", when=">=", value=5),)
    )
    command = club.order(Burst(sql=EACH), conditions=conditions)

    def outcomes(number: int) -> list[str]:
        again = GenerateReport(
            report_id=UUID(int=number), order=command.order, requested_at=world.now, schedule_id=command.schedule_id
        )
        made = club.make(parts(club.spread(again)))
        return [type(one).__name__ for one in made if isinstance(one, ReportGenerated | ReportSkipped)]

    assert outcomes(1) == ["ReportGenerated", "ReportSkipped"]
    club.scores((2, "a", 9))
    assert outcomes(2) == ["ReportSkipped", "ReportGenerated"], "Ann had hers, and Bob has not"
    assert outcomes(3) == ["ReportSkipped", "ReportSkipped"]


def test_a_part_that_is_made_knows_its_burst_and_others_have_none(club: Club, world: World) -> None:
    club.members((1, "ann@example.org"))
    club.make(parts(club.spread(club.order(Burst(sql=EACH)))))
    with world.store.read() as session:
        parents = set(session.execute(select(journal.c.parent_id)).scalars())
    assert parents == {None, REPORT}


def test_the_reports_of_a_reused_template_are_still_everybodys_own(club: Club, world: World) -> None:
    club.members((1, "ann@example.org"), (2, "bob@example.org"))
    club.scores((1, "a", 5), (2, "b", 6))
    sql = "SELECT address, id AS key FROM members"
    burst = Burst(sql=sql, share_out_by="member")
    command = club.order(burst, ALL_SCORES, look={"keeping": Keeping(reuse_seconds=3600)}, parameters=())
    made = club.make(parts(club.spread(command)))
    texts = [club.rows_of(one.artifacts[0].key) for one in made if isinstance(one, ReportGenerated)]
    assert [text.splitlines()[1:] for text in texts] == [["1,a,5"], ["2,b,6"]]


def test_a_query_that_a_limit_cuts_is_not_shared_out(club: Club) -> None:
    club.members((1, "ann@example.org"))
    club.scores(*((1, str(number), number) for number in range(5)))
    command = club.order(
        Burst(sql="SELECT address, id AS key FROM members", share_out_by="member"),
        Query(name="Scores", sql="SELECT member, quiz FROM scores"),
        parameters=(),
    )
    from msgspec.structs import replace

    tight = replace(command, order=replace(command.order, source=replace(command.order.source, max_rows=4)))
    with pytest.raises(PermanentFailure, match="would be missing; raise the limit"):
        generate(tight, FIRST, club.world.workshop)
