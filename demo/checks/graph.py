"""Strongly connected components (Tarjan 1972), without recursion: a chain of imports may be longer than the stack."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

__all__ = ["cycles"]


def cycles(graph: Mapping[str, Collection[str]]) -> list[tuple[str, ...]]:
    """Groups of two or more nodes that all reach each other, each sorted, in the order of their first nodes.

    Edges to what is no key of `graph` are passed over.
    """
    search = _Search(graph)
    for node in sorted(graph):
        if node not in search.number:
            search.from_(node)
    return sorted(search.found)


class _Search:
    """The walk's books: numbers by first visit, the lowest number that each node reaches, the open nodes."""

    def __init__(self, graph: Mapping[str, Collection[str]]) -> None:
        self.graph = graph
        self.number: dict[str, int] = {}
        self.lowest: dict[str, int] = {}
        self.open: list[str] = []
        self.is_open: set[str] = set()
        self.found: list[tuple[str, ...]] = []

    def from_(self, root: str) -> None:
        path = [(root, self._enter(root))]
        while path:
            node, edges = path[-1]
            target = next(edges, None)
            if target is None:
                path.pop()
                if path:
                    above = path[-1][0]
                    self.lowest[above] = min(self.lowest[above], self.lowest[node])
                self._leave(node)
            elif target not in self.number:
                path.append((target, self._enter(target)))
            elif target in self.is_open:
                self.lowest[node] = min(self.lowest[node], self.number[target])

    def _enter(self, node: str) -> Iterator[str]:
        self.number[node] = self.lowest[node] = len(self.number)
        self.open.append(node)
        self.is_open.add(node)
        return (target for target in sorted(self.graph[node]) if target in self.graph)

    def _leave(self, node: str) -> None:
        if self.lowest[node] != self.number[node]:
            return
        group: list[str] = []
        while not group or group[-1] != node:
            group.append(self.open.pop())
        self.is_open.difference_update(group)
        if len(group) > 1:
            self.found.append(tuple(sorted(group)))
