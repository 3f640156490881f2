"""Values of a plan that say who reaches the network, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Network = Literal["none", "all"]


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """Who reaches the network from its box. A reviewer with `format: prompt` is an agent, any other is a tool."""

    agents: Network = "all"
    tools: Network = "none"


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model that an agent asks through the runner, which adds the key outside: the agent gets a stand-in."""

    host: str
    """Its host, with a port where that is not the one of HTTPS."""
    key: str
    """The variable that holds the key, and inside the box its stand-in."""
    path: str = ""
    """What follows the host in the address that the agent gets, such as `/v1`."""

    @property
    def variable(self) -> str:
        """The variable in which the agent finds the address: `ANTHROPIC_BASE_URL` for `ANTHROPIC_API_KEY`."""
        return f"{self.key.removesuffix('_KEY').removesuffix('_API')}_BASE_URL"
