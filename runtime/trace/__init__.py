"""What a node tells the floor of tracing: who listens, under which story each step runs, and what happens.

For applications:

    from runtime import trace

    with trace.span("tool", name="search", query=text):         a span of one's own, in a handler, a task or the host
        ...
    headers["traceparent"] = trace.traceparent()                hand the story on to another program
    with trace.story(request.headers.get("traceparent")):       what the host sends belongs to this one
        await agent.call(Ask(text))
"""

from .spans import Span, current, span, span_processor, story, traceparent

__all__ = ["Span", "current", "span", "span_processor", "story", "traceparent"]
