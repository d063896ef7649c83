"""Async workloads: what asyncio and anyio promise must hold although steps are parked in their middle."""

from __future__ import annotations

import asyncio
import contextlib
from contextvars import ContextVar
from random import Random

import anyio
import anyio.lowlevel

from runtime.handle import Handle
from tests.stress.kit import WrongError, asynchronous, same, settle, toil

_who: ContextVar[int] = ContextVar("stress_who", default=0)


async def _nap(rng: Random) -> None:
    await asyncio.sleep(rng.choice((0, 0, 0.0003, 0.001)))


async def _undisturbed() -> None:
    """Nothing is left of a cancellation."""
    task = asyncio.current_task()
    assert task is not None
    same(task.cancelling(), 0)
    await asyncio.sleep(0)
    await asyncio.sleep(0.0002)


@asynchronous
async def timeouts(process: Handle, rng: Random) -> None:
    """A time-out fires where an await is, and only inside its block."""
    for _ in range(4):
        try:
            async with asyncio.timeout(0.002):  # noqa: ASYNC100 - what is looked at
                toil(rng.randrange(16000))  # may overrun it, and need not await any more
        except TimeoutError:
            raise WrongError("a time-out in a block without an await") from None
        await _undisturbed()
        try:
            async with asyncio.timeout(0.001):
                toil(rng.randrange(12000))
                await asyncio.sleep(30)
        except TimeoutError:
            toil()
        else:
            raise WrongError("no time-out")
        await _undisturbed()
        async with asyncio.timeout(30):
            await _nap(rng)


@asynchronous
async def nested_timeouts(process: Handle, rng: Random) -> None:
    """The block that is meant gets it."""
    for _ in range(4):
        inner = None
        try:
            async with asyncio.timeout(30):
                try:
                    async with asyncio.timeout(0.001) as inner:
                        toil(rng.randrange(12000))
                        await asyncio.sleep(30)
                finally:
                    toil()
        except TimeoutError:
            same(inner is not None and inner.expired(), True)
        else:
            raise WrongError("no time-out")
        await _undisturbed()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.001):
                async with asyncio.timeout(30) as inner:
                    toil(12000)
                    await asyncio.sleep(30)
        same(inner.expired(), False)
        await _undisturbed()


@asynchronous
async def waits_for(process: Handle, rng: Random) -> None:
    """`wait_for`, `shield`, `wait`, `gather`."""

    async def slow(value: int, seconds: float) -> int:
        await asyncio.sleep(seconds)
        return value

    for number in range(4):
        same(await asyncio.wait_for(slow(number, 0.0002), 30), number)
        toil(3000)
        try:
            await asyncio.wait_for(slow(number, 30), 0.0005)
        except TimeoutError:
            toil()
        else:
            raise WrongError("no time-out")
        await _undisturbed()
        same(await asyncio.gather(*(slow(n, 0.0001 * n) for n in range(5))), list(range(5)))
        done, pending = await asyncio.wait(
            [asyncio.ensure_future(asyncio.shield(slow(number, 0)))], timeout=30
        )
        same((len(done), len(pending)), (1, 0))


@asynchronous
async def task_groups(process: Handle, rng: Random) -> None:
    """A group waits for all, and fails with all."""

    async def work(number: int) -> int:
        await _nap(rng)
        toil(200)
        return number

    async def fail(number: int) -> int:
        await _nap(rng)
        raise ValueError(number)

    for _ in range(3):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work(number)) for number in range(5)]
            toil(4000)
        same([task.result() for task in tasks], list(range(5)))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(fail(7))
                toil(4000)
                await asyncio.sleep(30)
        except* ValueError as several:
            same([error.args for error in several.exceptions], [(7,)])
        else:
            raise WrongError("the group did not fail")
        await _undisturbed()


@asynchronous
async def anyio_scopes(process: Handle, rng: Random) -> None:
    """`move_on_after`, `fail_after` and shields."""
    for _ in range(3):
        with anyio.move_on_after(0.001) as scope:
            toil(rng.randrange(12000))
            await anyio.sleep(30)
        same(scope.cancelled_caught, True)
        await _undisturbed()
        try:
            with anyio.fail_after(0.001):
                toil(rng.randrange(12000))
                with anyio.CancelScope(shield=True):
                    await anyio.sleep(0.002)
                    toil(2000)
                await anyio.sleep(30)
        except TimeoutError:
            toil()
        else:
            raise WrongError("no time-out")
        await _undisturbed()
        with anyio.move_on_after(0.001) as scope:  # noqa: ASYNC100 - what is looked at
            toil(rng.randrange(16000))  # may overrun it, and need not await any more
        same(scope.cancelled_caught, False)
        await _undisturbed()


@asynchronous
async def anyio_groups(process: Handle, rng: Random) -> None:
    """Task groups, events and streams of anyio."""
    send, receive = anyio.create_memory_object_stream[int](2)
    done = anyio.Event()

    async def produce() -> None:
        async with send:
            for number in range(10):
                await send.send(number)
        done.set()

    async with anyio.create_task_group() as group:
        group.start_soon(produce)
        got = []
        async with receive:
            async for number in receive:
                toil(2000)
                got.append(number)
        await done.wait()
    same(got, list(range(10)))
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep, 30)
        toil(3000)
        await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    await _undisturbed()


@asynchronous
async def shared_asyncio_lock(process: Handle, rng: Random) -> None:
    """An `asyncio.Lock` of all jobs, which is held over several slices and awaits."""
    box: dict[str, int] = process.resource("box")
    for _ in range(2):
        async with process.resource("asyncio-lock"):
            got = box["awaited"]
            toil(4000)
            await asyncio.sleep(0)
            toil(2000)
            box["awaited"] = got + 1
        box["asyncio-lock-uses"] += 1


@asynchronous
async def shared_queue(process: Handle, rng: Random) -> None:
    """A bounded queue between the jobs: each puts as many as it takes, and some wait for others."""
    queue: asyncio.Queue[int] = process.resource("queue")
    box: dict[str, int] = process.resource("box")
    for _ in range(5):
        number = rng.randrange(1000)
        toil(2000)
        await queue.put(number)
        box["put"] += number
        toil(2000)
        box["taken"] += await queue.get()


@asynchronous
async def beside(process: Handle, rng: Random) -> None:
    """Events, futures and semaphores between this step and tasks of its process, which are sliced like it."""
    asked, answered = asyncio.Event(), asyncio.get_running_loop().create_future()
    seats, inside = asyncio.Semaphore(2), []

    async def answer(number: int) -> None:
        toil(4000)
        await asked.wait()
        toil(4000)
        answered.set_result(number)

    async def sit() -> None:
        async with seats:
            inside.append(1)
            same(len(inside) <= 2, True)
            toil(1500)
            await asyncio.sleep(0)
            toil(1500)
            inside.pop()

    refs = [process.task(sit()) for _ in range(4)]
    refs.append(process.task(answer(42)))
    toil(4000)
    asked.set()
    same(await answered, 42)
    while not all(ref.done for ref in refs):  # noqa: ASYNC110 - they tell their process, not us
        await asyncio.sleep(0.0005)
    for ref in refs:
        ref.task.result()


@asynchronous
async def async_generators(process: Handle, rng: Random) -> None:
    """They are iterated, closed and left alone; async context managers too."""
    ended: list[int] = []

    async def numbers(stop: int):
        try:
            for number in range(stop):
                toil(300)
                await _nap(rng)
                yield number
        finally:
            toil(300)
            ended.append(stop)

    @contextlib.asynccontextmanager
    async def room(number: int):
        _who.set(number)
        await asyncio.sleep(0)
        try:
            yield toil()
        finally:
            await asyncio.sleep(0)
            toil()

    same([number async for number in numbers(8)], list(range(8)))
    async with contextlib.aclosing(numbers(9)) as some:
        async for number in some:
            if number == 4:
                break
    same(ended, [8, 9])
    for number in range(5):
        async with room(number):
            toil(1000)
            same(_who.get(), number)
    _who.set(0)


@asynchronous
async def threads(process: Handle, rng: Random) -> None:
    """Work in another thread, whose end wakes the loop while steps are parked."""
    for number in range(3):
        toil(2000)
        same(await asyncio.to_thread(lambda n: n + toil(100), number), number + 100)


@asynchronous
async def many_awaits(process: Handle, rng: Random) -> None:
    """Futures that others resolve in any order, and callbacks of the loop."""
    loop = asyncio.get_running_loop()
    for _ in range(3):
        futures = [loop.create_future() for _ in range(6)]
        for number, future in enumerate(futures):
            loop.call_later(rng.random() / 1000, settle, future, number)
        toil(4000)
        same([await future for future in futures], list(range(6)))
        _who.set(7)
        toil(1000)
        await asyncio.sleep(0)
        same(_who.get(), 7)
        _who.set(0)
