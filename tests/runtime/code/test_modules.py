"""What modules may look like, and what becomes of their parts: packages, circles, enums, slots, super(), models, registries."""

import enum
import pickle
import sys

import pytest

from runtime import ChildSpec, CodeError
from tests.support.agents_sources import COUNTER
from tests.support.eventually import eventually


async def start(node, kind, *args):
    return await node.start(ChildSpec(kind.__name__, kind, *args))


AGENT = """
    from runtime import Reply, Server

    class Agent(Server):
        def init(self):
            return first()

        def handle_call(self, message, caller, state):
            return Reply(answer(message, state), state)
"""


async def agent(disk, node, text):
    import textwrap

    module = disk.load("agent", textwrap.dedent(text) + textwrap.dedent(AGENT))
    return module, await start(node, module.Agent)


async def test_an_edit_in_the_same_second_of_the_same_size_is_seen(disk, node):
    import os

    counter = disk.load("counter", COUNTER)
    pid = await start(node, counter.Counter)
    file = disk.path / "counter.py"
    before = file.stat()
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    assert node.code.modules()[0].stale
    await node.code.apply("counter")
    assert await pid.call("version") == 2
    assert not node.code.modules()[0].stale


async def test_modules_that_import_each_other_in_a_circle_are_upgraded_together(disk, node):
    disk.write(
        "circle.left",
        "from runtime import Reply, Server\nimport circle.right\n\ndef name():\n    return 'left 1'\n",
    )
    disk.write(
        "circle.right",
        """
        from circle import left
        from runtime import Reply, Server

        class Right(Server):
            def init(self):
                return ()

            def handle_call(self, message, caller, state):
                return Reply((left.name(), 'right 1'), state)
        """,
    )
    right = disk.load("circle.left") and disk.load("circle.right")
    pid = await start(node, right.Right)
    assert await pid.call("?") == ("left 1", "right 1")
    disk.edit("circle.left", "left 1", "left 2")
    disk.edit("circle.right", "right 1", "right 2")
    plan = await node.code.plan("circle.left", "circle.right")
    assert [module.module for module in plan.modules] == ["circle.right", "circle.left"], (
        "in order of execution"
    )
    await node.code.apply(plan)
    assert await pid.call("?") == ("left 2", "right 2")
    await node.code.rollback("circle.right")
    assert await pid.call("?") == ("left 1", "right 1"), "what was upgraded together goes back together"


async def test_a_package_and_its_modules(disk, node):
    disk.write("shop.__init__", "from .agents import Till\nVERSION = 1\n")
    disk.write("shop.prices", "PRICE = 10\n")
    disk.write(
        "shop.agents",
        """
        import shop.prices
        from runtime import Reply, Server

        class Till(Server):
            def init(self):
                return ()

            def handle_call(self, message, caller, state):
                return Reply(shop.prices.PRICE, state)
        """,
    )
    shop = disk.load("shop")
    pid = await start(node, shop.Till)
    disk.edit("shop.prices", "10", "11")
    await node.code.apply("shop.prices")
    assert await pid.call("?") == 11, "the package's attribute is the new module"
    disk.edit("shop.agents", "shop.prices.PRICE", "-shop.prices.PRICE")
    disk.edit("shop", "VERSION = 1", "VERSION = 2")
    plan = await node.code.plan("shop.agents")
    assert plan.dependants == ("shop",)
    plan = await node.code.plan("shop.agents", dependants=True)
    assert [(module.module, module.asked) for module in plan.modules] == [
        ("shop.agents", True),
        ("shop", False),
    ]
    await node.code.apply(plan)
    assert await pid.call("?") == -11
    new = sys.modules["shop"]
    assert new is not shop
    assert (new.VERSION, new.Till, new.prices) == (2, type(pid._process.handle), sys.modules["shop.prices"])


async def test_a_new_file_that_the_new_code_imports_comes_with_it(disk, node):
    module, pid = await agent(disk, node, "def first(): return 0\ndef answer(m, s): return 1\n")
    disk.write("agent_helper", "X = 2\n1/0\n")
    disk.edit(
        "agent", "def answer(m, s): return 1", "import agent_helper\ndef answer(m, s): return agent_helper.X"
    )
    with pytest.raises(CodeError, match="ZeroDivisionError"):
        await node.code.apply("agent")
    assert "agent_helper" not in sys.modules
    disk.write("agent_helper", "X = 2\n")
    await node.code.plan("agent")
    assert "agent_helper" not in sys.modules
    await node.code.apply("agent")
    assert await pid.call("?") == 2
    assert sys.modules["agent_helper"].X == 2
    assert module is not sys.modules["agent"]


async def test_who_imports_the_module_itself_sees_the_new_one(disk, node):
    counter = disk.load("counter", COUNTER)
    user = disk.load("user", "import counter\nimport counter as c\nfrom counter import Counter\n")
    await start(node, counter.Counter)
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    plan = await node.code.plan("counter")
    assert plan.dependants == ("user",)
    assert [(each.kind, each.subject) for each in plan.cautions if each.subject == "user"] == [
        ("import", "user")
    ]
    await node.code.apply(plan)
    new = sys.modules["counter"]
    assert (user.counter, user.c, user.Counter) == (new, new, counter.Counter)
    await node.code.rollback("counter")
    assert (user.counter, user.c) == (counter, counter)


async def test_enums_come_over_by_name(disk, node):
    text = "import enum\nclass Colour(enum.Enum):\n    RED = 1\n    BLUE = 2\n"
    text += "def first(): return {'c': (Colour.RED, [Colour.BLUE])}\ndef answer(m, s): return s['c'][0] is Colour.RED and s['c'][1] == [Colour.BLUE]\n"
    old, pid = await agent(disk, node, text)
    assert await pid.call("?")
    disk.edit("agent", "RED = 1", "GREEN = 0\n    RED = 7")
    await node.code.apply("agent")
    assert await pid.call("?")
    assert pid._process.state["c"][0].value == 7
    disk.edit("agent", "    BLUE = 2\n", "")
    plan = await node.code.plan("agent")
    assert "has no member BLUE any more" in plan.failures[0].text
    assert isinstance(old.Colour.RED, enum.Enum)


async def test_slots_super_isinstance_and_except_work_in_the_new_code(disk, node):
    text = """
class Base:
    __slots__ = ("a",)
    def __init__(self): self.a = 1
    def name(self): return "base"

class Derived(Base):
    __slots__ = ("b",)
    def __init__(self):
        super().__init__()
        self.b = 2
    def name(self): return super().name() + " derived"

class Trouble(Exception):
    pass

def first(): return Derived()

def answer(message, state):
    try:
        raise Trouble("x")
    except Trouble:
        return (state.name(), state.a, state.b, isinstance(state, Base), type(state) is Derived)
"""
    _, pid = await agent(disk, node, text)
    assert await pid.call("?") == ("base derived", 1, 2, True, True)
    disk.edit("agent", '__slots__ = ("b",)', '__slots__ = ("b", "c")')
    disk.edit("agent", '" derived"', '" anew"')
    await node.code.apply("agent")
    assert await pid.call("?") == ("base anew", 1, 2, True, True)


async def test_pydantic_models_with_forward_references_come_over(disk, node):
    text = """
from __future__ import annotations
from pydantic import BaseModel, ConfigDict, PrivateAttr

class Tree(BaseModel):
    model_config = ConfigDict(frozen=True)
    name: str
    leaf: Leaf | None = None
    below: tuple[Tree, ...] = ()
    _secret: int = PrivateAttr(default=5)

class Leaf(BaseModel):
    model_config = ConfigDict(frozen=True)
    size: int

def first(): return Tree(name="a", leaf=Leaf(size=1), below=(Tree(name="b"),))

def answer(message, state):
    same = Tree(name="new", leaf=state.leaf, below=(state,))  # new models take what came over
    return (type(state) is Tree, same.model_dump(), state._secret, state.model_fields_set == {"name", "leaf", "below"})
"""
    _, pid = await agent(disk, node, text)
    before = await pid.call("?")
    assert before[0]
    disk.edit("agent", "    size: int", "    size: int\n    colour: str = 'green'")
    await node.code.apply("agent")
    after = await pid.call("?")
    assert after[0]
    assert after[1]["leaf"] == {"size": 1, "colour": "green"}
    assert after[2:] == (5, True)


async def test_dataclasses_of_every_kind_come_over(disk, node):
    text = """
from dataclasses import dataclass, field, InitVar
from typing import NamedTuple

@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0

@dataclass
class Box:
    corner: Point
    size: InitVar[int] = 3
    area: int = field(init=False, default=0)
    def __post_init__(self, size): self.area = size * size

@dataclass(frozen=True)
class Special(Point.__mro__[0]):
    z: int = 9

class Pair(NamedTuple):
    a: Point
    b: int = 1

class Money(int):
    pass

def first(): return [Box(Point(1, 2), 4), Special(1, 2, 3), Pair(Point(5)), Money(7), {Point(1): Point}]

def answer(message, state):
    box, special, pair, money, table = state
    return (type(box) is Box and type(box.corner) is Point and type(special) is Special and type(pair) is Pair
            and type(pair.a) is Point and type(money) is Money and table == {Point(1): Point},
            box.area, special.z, pair.b, money + 1, "version 1")
"""
    _, pid = await agent(disk, node, text)
    before = await pid.call("?")
    assert before == (True, 16, 3, 1, 8, "version 1")
    disk.edit("agent", "version 1", "version 2")
    await node.code.apply("agent")
    assert await pid.call("?") == (*before[:-1], "version 2")


async def test_old_exceptions_and_enums_are_pickled_as_what_they_are_called_now(disk, node):
    text = "import enum\nfrom dataclasses import dataclass\nclass Colour(enum.Enum):\n    RED = 1\nclass Trouble(Exception):\n    pass\n"
    text += "@dataclass(frozen=True)\nclass Note:\n    text: str\ndef first(): return 0\ndef answer(m, s): return m\n"
    old, pid = await agent(disk, node, text)
    red, trouble, note = old.Colour.RED, old.Trouble("why", 3), old.Note("x")
    disk.edit("agent", "return 0", "return 1")
    await node.code.apply("agent")
    new = sys.modules["agent"]
    assert pickle.loads(pickle.dumps(red)) is new.Colour.RED
    back = pickle.loads(pickle.dumps([trouble, note]))
    assert [type(item) for item in back] == [new.Trouble, new.Note]
    assert back[0].args == ("why", 3)
    assert await pid.call((red, note)) == (new.Colour.RED, new.Note("x")), "sent, they arrive so too"
    assert pickle.loads(pickle.dumps(new.Colour.RED)) is new.Colour.RED
    await node.code.rollback("agent")
    assert pickle.loads(pickle.dumps(red)) is red
    assert pickle.loads(pickle.dumps(new.Note("y"))) == old.Note("y")
    assert await pid.call(note) == note


async def test_module_level_state_starts_anew_and_comes_back_with_a_rollback(disk, node):
    text = "SEEN = []\ndef first(): return 0\ndef answer(m, s):\n    SEEN.append(m)\n    return len(SEEN)\n"
    _, pid = await agent(disk, node, text)
    assert [await pid.call("?") for _ in range(3)] == [1, 2, 3]
    disk.edit("agent", "return len(SEEN)", "return -len(SEEN)")
    plan = await node.code.plan("agent")
    assert ("module state", "agent", "SEEN (list, and holds 3) starts anew") in [
        (each.kind, each.subject, each.text) for each in plan.cautions
    ]
    await node.code.apply(plan)
    assert await pid.call("?") == -1
    await node.code.rollback("agent")
    assert await pid.call("?") == 4


async def test_registries_and_decorators_that_keep_functions_are_named(disk, node):
    hooks = disk.load(
        "hooks", "HOOKS = []\n\ndef hook(function):\n    HOOKS.append(function)\n    return function\n"
    )
    text = "from hooks import hook\n@hook\ndef greet(): return 1\ndef first(): return 0\ndef answer(m, s): return greet()\nprint('side', 'effect')\n"
    old, pid = await agent(disk, node, text)
    disk.edit("agent", "return 1", "return 2")
    plan = await node.code.plan("agent")
    found = {(each.kind, each.subject) for each in plan.cautions}
    assert {("registry", "hooks"), ("registry", "agent"), ("side effect", "agent")} <= found
    await node.code.apply(plan)
    assert await pid.call("?") == 2
    assert [old.greet, sys.modules["agent"].greet] == hooks.HOOKS, "whoever registers twice is there twice"


async def test_a_class_in_another_module_that_inherits_is_a_dependant(disk, node):
    disk.load("counter", COUNTER)
    child = disk.load("child", "from counter import Counter\n\nclass Child(Counter):\n    pass\n")
    pid = await start(node, child.Child)
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    plan = await node.code.plan("counter")
    assert "inherits from Counter" in plan.reason
    upgrade = await node.code.apply("counter", dependants=True)
    assert [step.module for step in upgrade.steps] == ["counter", "child"]
    assert await pid.call("version") == 2


async def test_handlers_that_were_decorated_are_the_new_ones(disk, node):
    text = """
import functools
from runtime import Reply, Server

def traced(function):
    @functools.wraps(function)
    def wrapper(self, message, caller, state):
        return function(self, message, caller, state)
    return wrapper

class Traced(Server):
    def init(self): return 0

    @traced
    def handle_call(self, message, caller, state):
        return Reply(("one", super().__class__.__name__), state)
"""
    module = disk.load("traced", text)
    pid = await start(node, module.Traced)
    disk.edit("traced", '"one"', '"two"')
    await node.code.apply("traced")
    assert (await pid.call("?"))[0] == "two"


async def test_a_task_beside_the_process_finishes_on_the_old_code_and_its_end_reaches_the_new(disk, node):
    text = """
import asyncio
from runtime import Server, TaskDone, Reply
GATE = asyncio.Event()

async def think():
    await GATE.wait()
    return "old thought"

class Thinker(Server):
    def init(self): return None or ()
    def handle_cast(self, message, state):
        self.task(think())
        return state
    def handle_info(self, message, state):
        return (*state, ("one", message.value))
"""
    module = disk.load("thinker", text)
    pid = await start(node, module.Thinker)
    pid.cast("think")
    await eventually(lambda: pid._process.extra is not None and pid._process.extra.tasks)
    disk.edit("thinker", '"one"', '"two"')
    plan = await node.code.plan("thinker")
    assert "tasks" in {each.kind for each in plan.cautions}
    await node.code.apply(plan)
    module.GATE.set()
    await eventually(lambda: pid._process.state == (("two", "old thought"),))
