"""A node in a thread of its own, and an operator who asks it: the loop may hang, the test does not."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from concurrent.futures import Future

from runtime import Node
from runtime.introspection.service import Introspection
from runtime.port.contract import Code, Failure, Info, Role, answer_document, parse_answer, parse_request
from runtime.port.session import Principal


class LiveNode:
    """Runs `setup(node)` in a loop of its own thread, and then until `close`."""

    def __init__(self, setup=None, name="bank", *, port=False, **options):
        self._ready: Future = Future()
        self._setup = setup
        self._name = name
        self._options = {"introspection": port, **options}
        self.thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="live-node")
        self.thread.start()
        self.node, self.loop, self._stop = self._ready.result(10)
        self.introspection = Introspection(self.node)

    async def _main(self):
        try:
            async with Node(self._name, **self._options) as node:
                if self._setup is not None:
                    await self._setup(node)
                stop = asyncio.Event()
                self._ready.set_result((node, asyncio.get_running_loop(), stop))
                await stop.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise

    def ask(self, request, role=Role.ADMIN, key="ann", peer="test"):
        """The answer, having been through JSON in both directions as on the wire."""
        request = parse_request(request.document())
        assert role.includes(request.role), "the port refuses this before the node is asked"
        answer = self.introspection(request, Principal(key, "id-" + key, role, peer))
        return parse_answer(request, answer_document(answer))

    def row(self, process, **options):
        """Its row; waits for a process that is just being restarted."""
        deadline = time.monotonic() + 5
        while True:
            try:
                return self.ask(Info(process=process), **options).row
            except Failure as failure:
                if failure.code is not Code.NO_PROCESS or time.monotonic() > deadline:
                    raise

    def run(self, coroutine, within=10.0):
        """Await it on the node's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(within)

    def do(self, work, *args):
        """Call it on the node's loop."""

        async def call():
            return work(*args)

        return self.run(call())

    def post(self, work, *args):
        """Call it on the node's loop, and do not wait: it may hang there."""
        self.loop.call_soon_threadsafe(work, *args)

    def close(self):
        self.introspection.stop()
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._stop.set)
        self.thread.join(20)
        assert not self.thread.is_alive(), "the node has not stopped"
