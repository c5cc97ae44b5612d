"""Generate: a completion in, a recording of the stream that a provider would send for it out."""

from sseparse._generate._api import PACE, generate
from sseparse._generate._dialects import DIALECTS
from sseparse._generate._usual import PROTOCOLS

__all__ = ["DIALECTS", "PACE", "PROTOCOLS", "generate"]
