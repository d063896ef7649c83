"""Scripts in an interpreter of their own, in which a host has a node, and on it a step that is parked again and again."""

from __future__ import annotations

from typing import Any

from tests.support.slicing import script

__all__ = ["HEAD", "main", "passes"]

HEAD = """
import asyncio, gc, os, signal, subprocess, sys, threading, time
from runtime import ChildSpec, Node, Reply, Server
from runtime.preemption.ticker import ticker

class Job(Server):
    def init(self, job): return job
    def handle_cast(self, message, job):
        self.resource(job)(self)
        return job
    def handle_call(self, message, caller, job):
        return Reply(self.resource(job)(self), job)

over = []
def spin(process):
    while not over: sum(range(50))

def parks(node): return node.scheduler.mode.slicer.parks

async def start(node, job):
    node.resources[job.__name__] = job
    return await node.start(ChildSpec(job.__name__, Job, job.__name__, restart="temporary"))

async def spinner(node):
    pid = await start(node, spin)
    pid.cast(1)
    while not pid._process.parked(): await asyncio.sleep(0)
    return pid

def node(**options): return Node("x", introspection=False, **options)
"""


def passes(text: str, **options: Any) -> str:
    """Run a script after HEAD; what it printed."""
    done = script(HEAD + text, **options)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def main(body: str, runner: str = "asyncio.run(main())") -> str:
    """A script whose `main` has this body, with a node and a step that is parked again and again."""
    lines = "\n".join("        " + line for line in body.strip("\n").split("\n"))
    return f"""
async def main():
    async with node() as n:
        pid = await spinner(n)
{lines}
        over.append(1)
{runner}
print("over")
"""
