"""A model's behaviour is looked up by its name."""

from __future__ import annotations

import pytest

from baimo.types.behaviours import Behaviour, ModelBehaviour

ONE = Behaviour(name="stream_only", area="stream", value=True, origin="default")
MODEL = ModelBehaviour(
    provider="acme", model="big", endpoint="chat", dialect="openai_chat", is_known=False, behaviours=(ONE,)
)


def test_a_behaviour_is_found_by_its_name() -> None:
    assert MODEL["stream_only"] is ONE
    with pytest.raises(KeyError, match="thinking"):
        MODEL["thinking"]
