"""How the console reaches its node, also after the node was restarted.

    the same incarnation is still there  ->  the place that was meant
    a local node of the same name        ->  its new socket: a restarted node announces itself anew
    HOST:PORT                            ->  whoever answers there; the session says if it is another one

That the new node is another incarnation is for the session to notice and for the header to show.
"""

from __future__ import annotations

from runtime.port.client import Client, Place, nodes


class Reach:
    """Makes the link's clients."""

    def __init__(
        self, place: Place, *, key: str | None = None, ca: str | None = None, fingerprint: str | None = None
    ) -> None:
        self._place = place
        self._key = key
        self._ca = ca
        self._fingerprint = fingerprint

    @property
    def address(self) -> str:
        """What to call the node until it has said its name."""
        return self._place.name or self._place.endpoint

    def client(self) -> Client:
        """An unconnected client. Raises Failure as `nodes` does."""
        return Client(self.place(), key=self._key, ca=self._ca, fingerprint=self._fingerprint)

    def place(self) -> Place:
        """Where the node is now."""
        meant = self._place
        if meant.socket is None or meant.name is None:
            return meant.model_copy(update={"incarnation": None, "pid": None})
        same_name = [place for place in nodes() if place.name == meant.name]
        if not same_name or any(place.incarnation == meant.incarnation for place in same_name):
            return meant
        return max(same_name, key=lambda place: place.started.timestamp() if place.started else 0.0)
