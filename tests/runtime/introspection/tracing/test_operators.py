"""What an operator does begins a story on his behalf, and is told as an event."""

from __future__ import annotations

from runtime.port.contract import Kill, Resume, Send, Suspend, TimelineQuery
from tests.runtime.introspection.tracing.test_sessions import listen, open_trace, read_all
from tests.support.eventually import eventually_sync


def test_an_action_is_told_with_who_has_taken_it(node, client):
    session = open_trace(client, "alice operators, ended", count=4)
    listen(node)
    client.ask(Suspend(process="alice"))
    client.ask(Resume(process="alice"))
    client.ask(Kill(process="alice"))
    records, _ = read_all(client, session)
    assert [record.text for record in records if record.kind == "operator"] == [
        f"{what} alice" for what in ("suspend", "resume", "kill")
    ]
    ended = next(record for record in records if record.kind == "ended")
    killed = next(record for record in records if record.text == "kill alice")
    assert killed.values["detail"]["detail"] == "kill"
    assert killed.values["detail"]["role"] == "admin"
    assert ended.principal == killed.principal == "owner"
    assert ended.trace == killed.trace


def test_what_an_operators_message_leads_to_is_on_his_behalf(node, client):
    for kind in ("cast", "call"):
        client.ask(Send(process="clerk", message={"amount": 5}, kind=kind))

        def story():
            found = client.ask(TimelineQuery(process="clerk"))
            return found if "alice" in {record.name for record in found.records} else None

        found = eventually_sync(story)
        assert found.principal == "owner"
        assert {record.principal for record in found.records if record.name in {"alice", "clerk"}} == {
            "owner"
        }
