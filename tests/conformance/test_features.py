"""What dialects declare of features is what their code does."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from baimo import dialects
from baimo.dialect.features import FEATURES
from baimo.dialect.making import ImagesDialect, ModerateDialect, SpeakDialect, TranscribeDialect
from baimo.dialect.protocols import (
    ChatDialect,
    CountDialect,
    Dialect,
    EmbedDialect,
    FeaturesDialect,
    ModelsDialect,
    RerankDialect,
)
from baimo.dialect.support import Features
from baimo.errors import UnsupportedError
from baimo.types.chat import ChatRequest
from baimo.types.fold import fold
from tests.conformance.cases import Case, site_of
from tests.conformance.playing import play
from tests.conformance.samples import HI, Asked, Told, asked, told
from tests.conformance.wires import DATA, wire_of
from tests.unfolding import unfold

OPERATIONS: dict[str, type] = {
    "embeddings": EmbedDialect,
    "ranks": RerankDialect,
    "token_count": CountDialect,
    "model_list": ModelsDialect,
    "images": ImagesDialect,
    "transcription": TranscribeDialect,
    "speech": SpeakDialect,
    "moderation": ModerateDialect,
}
NAMES = [feature.name for feature in FEATURES]


def declared(dialect: str) -> Features:
    found = dialects.get(dialect)
    assert isinstance(found, FeaturesDialect), f"{dialect} declares no features"
    return found.features()


def outcome_of_asking(dialect: ChatDialect, sample: Asked) -> str:
    """What becomes of a request: its value comes back, or it is refused, or it goes in another form."""
    site = site_of(DATA / dialect.name / "x", Case(documented=""))
    try:
        wire = dialect.encode_request(sample.request, site)
    except UnsupportedError:
        wire = dialect.encode_request(replace(sample.request, unsupported="drop"), site)
        codes = {note.code for note in wire.notes}
        assert codes & {"dropped", "emulated", "clamped"}, "refused, but dropped in silence"
        return "emulated" if codes == {"emulated"} else "refused"
    codes = {note.code for note in wire.notes}
    assert "dropped" not in codes
    same = sample.look(dialect.decode_request(wire)) == sample.look(sample.request)
    if codes & {"emulated", "clamped"}:
        return "emulated"
    return "carried" if same else "untold"


def outcome_of_telling(dialect: ChatDialect, sample: Told, request: ChatRequest) -> str:
    """What becomes of a reply, whole and streamed: its value comes back, or is lost."""
    site = site_of(DATA / dialect.name / "x", Case(documented=""))
    same = []
    for stream in sample.ways:
        asking = replace(request, stream=stream, include_usage=True if stream else None)
        encoder = dialect.encoder(asking)
        items = [item for event in unfold(sample.response) for item in encoder.feed(event)]
        items += encoder.end()
        events, error = play(dialect.decoder(encoder.head(), site), items)
        assert error is None
        same.append(sample.look(fold(events)) == sample.look(sample.response))
    return "carried" if all(same) else "lost"


def observed(dialect: ChatDialect, feature: str) -> str:
    """How a dialect deals with a feature, as its code shows."""
    if feature in OPERATIONS:
        return "carried" if isinstance(dialect, OPERATIONS[feature]) else "refused"
    wire = wire_of(dialect.name)
    model = wire.models.get(feature, wire.model)
    questions = [
        Asked(replace(one.request, model=model), one.look)
        for one in asked(dialect.name, wire.samples).get(feature, [])
    ]
    replies = told(dialect.name, wire.samples).get(feature, [])
    assert questions or replies
    found = [outcome_of_asking(dialect, one) for one in questions]
    if found[:1] == ["refused"]:
        return "refused"
    asking = questions[0].request if questions else ChatRequest(model=model, messages=(HI,))
    found += [outcome_of_telling(dialect, one, asking) for one in replies]
    if set(found) == {"carried"}:
        return "carried"
    if set(found) == {"lost"}:
        return "refused"
    return "untold" if "untold" in found else "emulated"


@pytest.mark.parametrize("dialect", dialects.names())
def test_a_dialect_declares_every_feature(dialect: str) -> None:
    assert list(declared(dialect).support) == NAMES


@pytest.mark.parametrize("feature", NAMES)
@pytest.mark.parametrize("dialect", dialects.names())
def test_a_declaration_is_what_the_code_does(dialect: str, feature: str) -> None:
    spoken: Dialect = dialects.get(dialect)
    assert isinstance(spoken, ChatDialect)
    found = declared(dialect)
    said = "untold" if feature in found.untold else found.support[feature]
    assert observed(spoken, feature) == said


@pytest.mark.parametrize("dialect", dialects.names())
def test_what_is_emulated_is_told_in_a_remark(dialect: str) -> None:
    found = declared(dialect)
    for name in found.named("emulated"):
        assert all(found.remarks[name])
