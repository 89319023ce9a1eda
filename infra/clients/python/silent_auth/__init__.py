"""Silent Auth Gateway for a customer's backend."""

from .error import GatewayError
from .gateway import Gateway, Verdict

__all__ = ["Gateway", "GatewayError", "Verdict"]
