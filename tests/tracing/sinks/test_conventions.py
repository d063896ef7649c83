"""Names and attributes of spans are those of the conventions that are pinned; values that are nobody's business stay here."""

import importlib

import pytest

from tests.support.events import agent, conversation
from tracing.records import record_of
from tracing.sinks import conventions
from tracing.sinks.conventions import attributes_of, kind_of, name_of
from tracing.story import spans


@pytest.fixture
def told():
    return spans(
        record_of(seq, one, 1000.0, lambda _label, value, _redact: str(value))
        for seq, one in enumerate(conversation(), 1)
    )


def test_messages_have_the_attributes_of_messaging_and_no_values(told):
    first, second = told
    assert attributes_of(first, "bank") == {
        "messaging.system": "observer",
        "messaging.operation.name": "handle_call",
        "messaging.operation.type": "process",
        "messaging.destination.name": "alice",
        "messaging.client.id": "outside",
        "messaging.message.id": first.span,
        "observer.node": "bank",
        "observer.pid": "<0.5.0>",
        "observer.waited_s": 0.25,
        "enduser.id": "owner",
    }
    assert attributes_of(second)["messaging.client.id"] == "<0.5.0>"
    assert attributes_of(second)["error.type"] == "_OTHER"
    assert (name_of(first), kind_of(first)) == ("handle_call alice", "SERVER")
    assert (name_of(second), kind_of(second)) == ("handle_info book", "CONSUMER")


def test_who_has_no_name_is_anonymous(told):
    nameless = told[0]
    nameless.name = None
    assert name_of(nameless) == "handle_call (anonymous)"
    assert attributes_of(nameless)["messaging.destination.anonymous"] is True


def test_models_tools_and_libraries_keep_their_attributes_but_not_what_was_said():
    step, chat, tool, page = spans(agent())
    assert attributes_of(chat) == {
        "observer.node": "node",
        "observer.pid": "<0.5.0>",
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "sonnet",
        "gen_ai.usage.input_tokens": 12,
    }
    assert attributes_of(chat, contents=True)["gen_ai.input.messages"] == "the secret"
    assert attributes_of(tool)["gen_ai.tool.name"] == "search"
    assert [name_of(one) for one in (chat, tool, page)] == ["chat sonnet", "execute_tool search", "GET"]
    assert [kind_of(one) for one in (chat, tool, page)] == ["CLIENT", "INTERNAL", "INTERNAL"]
    assert attributes_of(page) == {
        "observer.node": "node", "observer.pid": "<0.5.0>", "http.request.method": "GET", "error.type": "500",
    }  # fmt: skip
    assert [one.failed for one in (chat, tool, page)] == [False, False, True]
    assert (name_of(step, agent=True), kind_of(step, agent=True)) == ("invoke_agent alice", "INTERNAL")
    assert attributes_of(step, agent=True)["gen_ai.agent.id"] == "<0.5.0>"


def test_the_names_are_those_of_the_official_package():
    try:
        official = importlib.import_module("opentelemetry.semconv._incubating.attributes.gen_ai_attributes")
        messaging = importlib.import_module(
            "opentelemetry.semconv._incubating.attributes.messaging_attributes"
        )
        schemas = importlib.import_module("opentelemetry.semconv.schemas")
    except ImportError:
        pytest.skip("opentelemetry-semantic-conventions is not installed")
    known = {value for name, value in vars(official).items() if name.startswith("GEN_AI_")}
    known |= {value for name, value in vars(messaging).items() if name.startswith("MESSAGING_")}
    step, chat, tool, _ = spans(agent())
    used = {*attributes_of(step, agent=True), *attributes_of(chat), *attributes_of(tool)}
    assert {name for name in used if name.startswith(("gen_ai.", "messaging."))} <= known
    assert known.issuperset((*conventions._SUBJECTS, *conventions._CONTENTS))
    assert {one.value for one in official.GenAiOperationNameValues} == conventions.OPERATIONS
    assert conventions.SEMCONV in {one.value for one in schemas.Schemas}
