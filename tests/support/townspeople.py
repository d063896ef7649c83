"""A server that does operations on tables, wherever it runs: at the top of a module, since another OS process imports it."""

from __future__ import annotations

from runtime import Groups, PartitionSupervisor, Presence, PubSub, Registry, Reply, Server, Supervisor

__all__ = ["CROWDS", "NEWS", "ROLES", "ROOMS", "WHERE", "Townsman"]

ROOMS = Registry("rooms")
ROLES = Registry("roles", keys="duplicate")
CROWDS = Groups("crowds")
NEWS = PubSub("news")
WHERE = Presence("where")


class Townsman(Server):
    """Its state is what it has heard, newest last."""

    def init(self):
        return ()

    def handle_call(self, message, caller, heard):
        match message:
            case "heard":
                return Reply(heard, heard)
            case ("on", scope, operation, *args):
                return Reply(getattr(scope, operation)(self, *args), heard)
            case ("refused", scope, operation, *args):
                try:
                    getattr(scope, operation)(self, *args)
                except Exception as error:
                    return Reply(f"{type(error).__name__}: {error}", heard)
            case ("adults", registry, key):
                return Reply(registry.match(self, key, lambda age: age >= 18), heard)
            case ("all", registry):
                return Reply(registry.select(self, lambda key, age: key != "cellar" and age > 0), heard)
            case ("older", registry, key):
                return Reply(registry.update_value(self, key, lambda age: age + 1), heard)
            case ("moves", presence, topic, key):
                presence.update(self, topic, key, lambda meta: (*meta, "moved"))
                return Reply(None, heard)
            case ("tells others", scope, topic, text):
                return Reply(scope.broadcast(self, topic, text, but=self), heard)
            case ("ask", address, question):
                return Reply(self.call(address, question), heard)
            case ("ask key", registry, key, question):
                return Reply(self.call(registry.at(self, key), question), heard)
            case ("ask part", supervisor, key, question):
                return Reply(self.call(PartitionSupervisor.via(supervisor, key), question), heard)
            case ("tell", address, text):
                address.send(text)
                return Reply(None, heard)
            case ("same", one, other):
                return Reply(one == other and hash(one) == hash(other), heard)
            case "alias":
                alias = self.alias()
                return Reply(alias, (*heard, alias))
            case ("unalias", alias):
                return Reply((alias in heard, self.unalias(alias)), heard)
            case ("monitor", address):
                return Reply(self.monitor(address), heard)
            case ("children", supervisor):
                return Reply([child.id for child in self.wait(Supervisor.which_children(supervisor))], heard)
        return Reply("what?", heard)

    def handle_info(self, message, heard):
        return (*heard, message)
