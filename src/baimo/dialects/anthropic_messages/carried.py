"""What another dialect wants back with its reasoning, carried through a caller of this wire.

A caller returns thinking with its signature and nothing else. So where the reasoning came from a provider of
another wire, that provider's own object travels in the place of the signature.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as BadBase64

import msgspec

from baimo.types.content import Replay

_MARK = "baimo:"

_replay = msgspec.json.Decoder(Replay)


def pack(replay: Replay) -> str:
    """A signature that holds it."""
    return _MARK + b64encode(msgspec.json.encode(replay)).decode()


def unpack(signature: str) -> Replay | None:
    """What `pack` put there; None for a signature of this wire's own, and for one that is broken."""
    if not signature.startswith(_MARK):
        return None
    try:
        return _replay.decode(b64decode(signature[len(_MARK) :], validate=True))
    except (BadBase64, ValueError, msgspec.MsgspecError):
        return None
