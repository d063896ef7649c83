"""Which source a module runs: known also of modules that define no server, and were edited before anybody asked."""

from runtime import ChildSpec

PRICES = "RATE = 100\n\n\ndef cents(euros):\n    return euros * RATE\n"
AGENTS = """
    from runtime import Reply, Server
    from shop.prices import cents

    class Till(Server):
        def init(self):
            return 0

        def handle_call(self, message, caller, state):
            return Reply(cents(message), state)
"""


async def test_an_edited_constant_of_a_module_without_servers_is_seen_at_the_first_look(disk, node):
    disk.write("shop.prices", PRICES)
    agents = disk.load("shop.agents", AGENTS)
    pid = await node.start(ChildSpec("till", agents.Till))
    disk.edit("shop.prices", "RATE = 100", "RATE = 1000")
    plan = await node.code.plan("shop.agents", "shop.prices")
    (prices,) = [each for each in plan.modules if each.module == "shop.prices"]
    assert prices.old != prices.new
    assert "-RATE = 100\n+RATE = 1000" in prices.diff
    assert [(each.name, each.how) for each in prices.changes] == [("RATE", "changed")]
    await node.code.apply(plan)
    assert await pid.call(2) == 2000
    await node.code.rollback("shop.prices")
    assert await pid.call(2) == 200


async def test_what_was_edited_before_it_was_read_is_not_taken_for_what_runs(disk, node):
    disk.load("shop.prices", PRICES)
    disk.edit("shop.prices", "euros * RATE", "euros * RATE + 1")
    agents = disk.load("shop.agents", AGENTS)
    await node.start(ChildSpec("till", agents.Till))
    plan = await node.code.plan("shop.agents", "shop.prices")
    (prices,) = [each for each in plan.modules if each.module == "shop.prices"]
    assert (prices.old, prices.diff) == ("unknown", "")
