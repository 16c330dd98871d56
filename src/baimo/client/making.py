"""What the blocking client makes besides words: images, the text of sound, speech, moderation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from baimo.errors import Error

from .base import ClientBase
from .driving import Driver, Services
from .making_options import ImagesOptions, MakingOptions, SpeechOptions, TranscribeOptions
from .options import Model
from .prepared import Prepared

if TYPE_CHECKING:
    from baimo.types.images import ImagesResponse
    from baimo.types.moderation import ModerationResponse
    from baimo.types.speech import SpeechResponse
    from baimo.types.transcription import Transcription

    from .given import GivenAudio


class MakingClient(ClientBase):
    """Images, transcription, speech and moderation; what they need is loaded when they are asked for."""

    _services: Services

    def images(self, model: Model, prompt: str, **options: Unpack[ImagesOptions]) -> ImagesResponse:
        """Pictures of a prompt; with `image`, pictures that begin from those.

        Pictures are given as bytes, a path, an address or `baimo.Image`. Each answer has `.bytes` or `.url`,
        a media type and `save(Path(…))`. Raises as `chat` does; UnsupportedError where the provider cannot be
        told so.
        """
        from .made import images_call, made

        call = images_call(self, model, prompt, options)
        found: list[ImagesResponse] = []
        driver = self._finish(call, found.extend)
        return call.done(made(found[0], driver), driver.outcome)

    def transcribe(
        self, model: Model, audio: GivenAudio, **options: Unpack[TranscribeOptions]
    ) -> Transcription:
        """What is said in some sound: bytes, a path, an address or `baimo.Audio`.

        `timestamps` asks for the times of segments, words or both, in seconds. Raises as `chat` does.
        """
        from .made import made, transcribe_call

        call = transcribe_call(self, model, audio, options)
        found: list[Transcription] = []
        driver = self._finish(call, found.extend)
        return call.done(made(found[0], driver), driver.outcome)

    def speech(self, model: Model, text: str, **options: Unpack[SpeechOptions]) -> SpeechResponse:
        """A text as sound, whole: `.audio` is the file, `save(Path(…))` writes it. Raises as `chat` does."""
        from .made import speech_call, spoken

        call = speech_call(self, model, text, options)
        found: list[Any] = []
        driver = self._finish(call, found.extend)
        return call.done(spoken(found, driver), driver.outcome)

    def stream_speech(self, model: Model, text: str, **options: Unpack[SpeechOptions]) -> Iterator[bytes]:
        """A text as sound, piece by piece as it is made: the bytes of one file. Raises as `stream` does.

        Leaving the iterator before its end breaks the connection off.
        """
        from .made import speech_call

        call = speech_call(self, model, text, options, stream=True)
        driver = Driver(call.steps, call.services or self._services)
        try:
            while (told := driver.advance()) is not None:
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

    def moderate(
        self, model: Model, inputs: str | Sequence[str], **options: Unpack[MakingOptions]
    ) -> ModerationResponse:
        """Whether texts hold what the provider does not want: one result a text, in their order."""
        from .made import made, moderate_call

        call = moderate_call(self, model, inputs, options)
        found: list[ModerationResponse] = []
        driver = self._finish(call, found.extend)
        return call.done(made(found[0], driver), driver.outcome)

    def _finish(self, call: Prepared, take: Callable[[list[Any]], None]) -> Driver:
        """Drive a call to its end."""
        driver = Driver(call.steps, call.services or self._services)
        try:
            driver.finish(take)
        except Error as error:
            raise call.broke(error) from error.__cause__
        except BaseException:
            call.left()
            raise
        return driver
