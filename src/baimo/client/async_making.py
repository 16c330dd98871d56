"""What the asynchronous client makes besides words: images, the text of sound, speech, moderation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from baimo.errors import Error

from .async_driving import AsyncDriver, AsyncServices
from .base import ClientBase
from .making_options import ImagesOptions, MakingOptions, SpeechOptions, TranscribeOptions
from .options import Model
from .prepared import Prepared

if TYPE_CHECKING:
    from baimo.types.images import ImagesResponse
    from baimo.types.moderation import ModerationResponse
    from baimo.types.speech import SpeechResponse
    from baimo.types.transcription import Transcription

    from .given import GivenAudio


class AsyncMakingClient(ClientBase):
    """Images, transcription, speech and moderation; what they need is loaded when they are asked for."""

    _services: AsyncServices

    async def images(self, model: Model, prompt: str, **options: Unpack[ImagesOptions]) -> ImagesResponse:
        """Pictures of a prompt, as `Client.images`."""
        from .made import images_call, made

        call = images_call(self, model, prompt, options)
        found: list[ImagesResponse] = []
        driver = await self._finish(call, found.extend)
        return call.done(made(found[0], driver), driver.outcome)

    async def transcribe(
        self, model: Model, audio: GivenAudio, **options: Unpack[TranscribeOptions]
    ) -> Transcription:
        """What is said in some sound, as `Client.transcribe`."""
        from .made import made, transcribe_call

        call = transcribe_call(self, model, audio, options)
        found: list[Transcription] = []
        driver = await self._finish(call, found.extend)
        return call.done(made(found[0], driver), driver.outcome)

    async def speech(self, model: Model, text: str, **options: Unpack[SpeechOptions]) -> SpeechResponse:
        """A text as sound, whole, as `Client.speech`."""
        from .made import speech_call, spoken

        call = speech_call(self, model, text, options)
        found: list[Any] = []
        driver = await self._finish(call, found.extend)
        return call.done(spoken(found, driver), driver.outcome)

    async def stream_speech(
        self, model: Model, text: str, **options: Unpack[SpeechOptions]
    ) -> AsyncIterator[bytes]:
        """A text as sound, piece by piece, as `Client.stream_speech`; to be read with `async for`."""
        from .made import speech_call

        call = speech_call(self, model, text, options, stream=True)
        driver = AsyncDriver(call.steps, call.services or self._services)
        try:
            while (told := await driver.advance()) is not None:
                for piece in told:
                    if piece.audio:
                        yield piece.audio
            call.done(None)
        except Error as error:
            raise call.broke(error) from error.__cause__
        except BaseException:
            call.left()
            raise
        finally:
            driver.abort()

    async def moderate(
        self, model: Model, inputs: str | Sequence[str], **options: Unpack[MakingOptions]
    ) -> ModerationResponse:
        """Whether texts hold what the provider does not want, as `Client.moderate`."""
        from .made import made, moderate_call

        call = moderate_call(self, model, inputs, options)
        found: list[ModerationResponse] = []
        driver = await self._finish(call, found.extend)
        return call.done(made(found[0], driver), driver.outcome)

    async def _finish(self, call: Prepared, take: Callable[[list[Any]], None]) -> AsyncDriver:
        """Drive a call to its end."""
        driver = AsyncDriver(call.steps, call.services or self._services)
        try:
            await driver.finish(take)
        except Error as error:
            raise call.broke(error) from error.__cause__
        except BaseException:
            call.left()
            raise
        return driver
