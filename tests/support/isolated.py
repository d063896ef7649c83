"""Behaviours that tests isolate: at the top of a module, since another OS process imports them."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass

from runtime import (
    Call,
    Cast,
    Continue,
    Enter,
    Info,
    Internal,
    KeepState,
    NextEvent,
    NextState,
    NodeError,
    NoReply,
    Postpone,
    ProcessExit,
    Reply,
    Server,
    StateMachine,
    StateTimeout,
    Stop,
    TaskDone,
    system,
)


@dataclass(frozen=True)
class Note:
    text: str


@dataclass(frozen=True, slots=True)
class Slotted:
    """Pickled by Python code of `dataclasses`."""

    number: int


class OddError(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")
        self.two = two


class UnsendableError(Exception):
    def __init__(self):
        super().__init__("locked")
        self.lock = threading.Lock()


class Cell(Server):
    """Does what it is told, in an OS process of its own."""

    counters = ("tokens",)
    accepts = (Note,)

    def init(self, *first, trap=False, fail=None):
        self._process.trap_exits = trap
        if fail is not None:
            raise fail
        return first

    def handle_call(self, message, caller, state):
        match message:
            case "pid":
                return Reply(os.getpid(), state)
            case "state":
                return Reply(state, state)
            case "segfault":
                ctypes.string_at(0)
            case ("os._exit", code):
                os._exit(code)
            case ("sleep", seconds):
                time.sleep(seconds)
                return Reply("slept", state)
            case ("nap", seconds):
                self.wait(asyncio.sleep(seconds))
                return Reply("napped", state)
            case "spin":
                while True:
                    pass
            case "close":
                self._process.sched.node.home.wire._sock.shutdown(socket.SHUT_RDWR)
                os.kill(os.getpid(), signal.SIGSTOP)
            case "garbage":
                self._process.sched.node.home.wire._sock.send(b"garbage" * 10)
                return NoReply(state)
            case ("allocate", size):
                return Reply(len(bytearray(size)), state)
            case "early":
                caller.reply("early")
                return Continue("more", state)
            case ("later", to):
                self.named(to).send(("answer", caller))
                return NoReply(state)
            case ("stop", reason):
                return Stop(reason, state, reply="bye")
            case ("raise", error):
                raise error
            case "raise unsendable":
                raise UnsendableError
            case "raise odd":
                raise OddError(1, 2)
            case ("call", target, question):
                return Reply(self.call(target, question), state)
            case ("whereis", name):
                return Reply(self.whereis(name), state)
            case ("resource", key):
                return Reply(self.resource(key), state)
            case ("run", function, *arguments):
                return Reply(function(*arguments), state)
            case "work":
                self.progress("at work")
                self.label = "labelled"
                self.count("tokens", 3)
                return Reply(None, state)
            case ("tell", name, what):
                self.named(name).send(what)
                return Reply(None, state)
            case ("start", supervisor, spec):
                return Reply(self.wait(self.start_child(supervisor, spec)), state)
            case "task":
                self.task(asyncio.sleep(0, "done by a task"))
                return Reply(None, state)
            case ("spawn", *arguments):
                return Reply(self.spawn(inner, *arguments), state)
            case (method, *arguments):
                return Reply(getattr(self, method)(*arguments), state)
        return NoReply(state)

    def handle_continue(self, message, state):
        return (*state, message)

    def handle_cast(self, message, state):
        if isinstance(message, BaseException):
            raise message
        return (*state, message)

    def handle_info(self, message, state):
        if isinstance(message, TaskDone):
            message = message.value
        if message == "a long nap":
            self.progress("asleep")
            self.wait(asyncio.sleep(60))
        return (*state, message)

    def terminate(self, reason, state):
        for item in state:
            if isinstance(item, tuple) and item[0] == "at the end":
                item[1].send(("terminated", reason, os.getpid()))


class Door(StateMachine):
    """A door that is shut again soon; who calls while it is locked waits. Its data are what has happened."""

    state_enter = True

    def init(self, soon):
        return NextState("shut", (soon,))

    def shut(self, event, data):
        match event:
            case Enter(previous):
                return KeepState((*data, f"from {previous}" if previous != "shut" else "new"))
            case Cast("open"):
                return NextState("open", data)
            case Cast("lock"):
                return NextState("locked", data)
        return self.both(event, data)

    def open(self, event, data):
        match event:
            case Enter():
                return KeepState(data, StateTimeout("soon", after=data[0]))
            case StateTimeout("soon"):
                return NextState("shut", data, NextEvent(Internal("shut by itself")))
        return self.both(event, data)

    def locked(self, event, data):
        match event:
            case Enter():
                return KeepState(data)
            case Cast("unlock"):
                return NextState("shut", data)
            case Call("data"):
                return KeepState(data, Postpone())
        return self.both(event, data)

    def both(self, event, data):
        match event:
            case Call("data"):
                return KeepState(data, reply=data[1:])
            case Call("pid"):
                return KeepState(data, reply=os.getpid())
            case Cast("crash"):
                raise ValueError("broken")
            case Internal(what) | Info(what) | Cast(what):
                return KeepState((*data, what))


async def inner(process, partner=None):
    """A process inside an isolated one."""
    if partner is not None:
        process.link(partner)
    while True:
        match await process.receive():
            case "crash":
                raise ValueError("inner")
            case "end":
                return
            case call if hasattr(call, "caller"):
                call.caller.reply((call.message, os.getpid()))


async def coroutine(process, *args, witness=None):
    """A coroutine process that picks what it likes."""
    process.trap_exits = "trap" in args
    seen = []
    try:
        while True:
            message = await process.receive(match=lambda message: message != "later" or "now" in seen)
            if hasattr(message, "caller"):
                if message.message == "pid":
                    message.caller.reply(os.getpid())
                else:
                    message.caller.reply(tuple(seen))
            elif message == "crash":
                raise ValueError("crashed")
            elif message == "exit":
                raise ProcessExit(("shutdown", 1))
            else:
                seen.append(message)
    finally:
        if witness is not None:
            witness.send("finally")


def fork():
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    return "forked"


def warn():
    logging.getLogger("cells").warning("from %s", "inside")


# --- bombs: each is bounded by itself, so that a fence that fails does no harm ------------------------------


def shell():
    return subprocess.run(["/bin/sh", "-c", "echo from a shell"], capture_output=True, text=True).stdout


def bomb():
    """Two processes, each of which would be two; to the third generation."""
    for _ in range(2):
        child = os.fork()
        if not child:
            time.sleep(5)
            os._exit(0)


def c_bomb():
    """Forks where Python does not see it: seven processes, for ten seconds."""
    library = ctypes.PyDLL(None)
    for _ in range(3):
        library.fork()
    time.sleep(10)


def burn():
    """Three seconds of processor time, at most."""
    while time.process_time() < 3:
        pass


def open_many():
    return [os.open(os.devnull, os.O_RDONLY) for _ in range(200)]


def leave_behind():
    return subprocess.Popen(["/bin/sleep", "30"]).pid


def daemon():
    return subprocess.Popen(["/bin/sleep", "30"], start_new_session=True).pid


def twice(state):
    return state * 2


def walks(_):
    return ("walked",)


def fails(_):
    raise OSError("no")


def asks(other):
    try:
        system.get_state(other).send(None)
    except NodeError as error:
        return str(error)
