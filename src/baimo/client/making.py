"""What the blocking client makes besides words: images, the text of sound, speech, moderation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from baimo.errors import Error

from .base import ClientBase
from .driving import Driver, Services
from .options import Model
from .prepared import Prepared

if TYPE_CHECKING:
    from baimo.types.images import ImagesResponse
    from baimo.types.moderation import ModerationResponse
    from baimo.types.speech import SpeechResponse
    from baimo.types.transcription import Transcription

    from .given import GivenAudio, GivenImage
    from .made import Times, Unsupported


class MakingClient(ClientBase):
    """Images, transcription, speech and moderation; what they need is loaded when they are asked for."""

    _services: Services

    def images(
        self,
        model: Model,
        prompt: str,
        *,
        n: int | None = None,
        size: str | None = None,
        quality: str | None = None,
        seed: int | None = None,
        negative_prompt: str | None = None,
        image: GivenImage | Sequence[GivenImage] | None = None,
        mask: GivenImage | None = None,
        format: str | None = None,
        unsupported: Unsupported = "raise",
        extra: Mapping[str, Any] = {},
        headers: Mapping[str, str] = {},
        timeout: float | None = None,
    ) -> ImagesResponse:
        """Pictures of a prompt; with `image`, pictures that begin from those.

        Pictures are given as bytes, a path, an address or `baimo.Image`. Each answer has `.bytes` or `.url`,
        a media type and `save(Path(…))`. Raises as `chat` does; UnsupportedError where the provider cannot be
        told so.
        """
        from baimo.making import ImagesOperation

        from .made import images_request, made

        request = images_request(
            prompt,
            n=n,
            size=size,
            quality=quality,
            seed=seed,
            negative_prompt=negative_prompt,
            image=image,
            mask=mask,
            format=format,
            unsupported=unsupported,
            extra=extra,
            headers=headers,
        )
        found: list[ImagesResponse] = []
        call = self._images(model, ImagesOperation(request), timeout, request)
        driver = self._finish(call, found.extend)
        return call.done(made(found[0], driver), driver.outcome)

    def transcribe(
        self,
        model: Model,
        audio: GivenAudio,
        *,
        language: str | None = None,
        prompt: str | None = None,
        timestamps: Times | Sequence[Times] = (),
        temperature: float | None = None,
        unsupported: Unsupported = "raise",
        extra: Mapping[str, Any] = {},
        headers: Mapping[str, str] = {},
        timeout: float | None = None,
    ) -> Transcription:
        """What is said in some sound: bytes, a path, an address or `baimo.Audio`.

        `timestamps` asks for the times of segments, words or both, in seconds. Raises as `chat` does.
        """
        from baimo.making import TranscribeOperation

        from .made import made, transcribe_request

        request = transcribe_request(
            audio,
            language=language,
            prompt=prompt,
            timestamps=timestamps,
            temperature=temperature,
            unsupported=unsupported,
            extra=extra,
            headers=headers,
        )
        found: list[Transcription] = []
        route = self._settings.resolve(model)
        call = self._simple("transcribe", TranscribeOperation(request), route, timeout, request)
        driver = self._finish(call, found.extend)
        return call.done(made(found[0], driver), driver.outcome)

    def speech(
        self,
        model: Model,
        text: str,
        *,
        voice: str | None = None,
        format: str | None = None,
        speed: float | None = None,
        instructions: str | None = None,
        unsupported: Unsupported = "raise",
        extra: Mapping[str, Any] = {},
        headers: Mapping[str, str] = {},
        timeout: float | None = None,
    ) -> SpeechResponse:
        """A text as sound, whole: `.audio` is the file, `save(Path(…))` writes it. Raises as `chat` does."""
        from baimo.making import SpeakOperation

        from .made import speech_request, spoken

        request = speech_request(
            text,
            voice=voice,
            format=format,
            speed=speed,
            instructions=instructions,
            stream=False,
            unsupported=unsupported,
            extra=extra,
            headers=headers,
        )
        found: list[Any] = []
        route = self._settings.resolve(model)
        call = self._simple("speech", SpeakOperation(request), route, timeout, request)
        driver = self._finish(call, found.extend)
        return call.done(spoken(found, driver), driver.outcome)

    def stream_speech(
        self,
        model: Model,
        text: str,
        *,
        voice: str | None = None,
        format: str | None = None,
        speed: float | None = None,
        instructions: str | None = None,
        unsupported: Unsupported = "raise",
        extra: Mapping[str, Any] = {},
        headers: Mapping[str, str] = {},
        timeout: float | None = None,
    ) -> Iterator[bytes]:
        """A text as sound, piece by piece as it is made: the bytes of one file. Raises as `stream` does.

        Leaving the iterator before its end breaks the connection off.
        """
        from baimo.making import SpeakOperation

        from .made import speech_request

        request = speech_request(
            text,
            voice=voice,
            format=format,
            speed=speed,
            instructions=instructions,
            stream=True,
            unsupported=unsupported,
            extra=extra,
            headers=headers,
        )
        route = self._settings.resolve(model)
        call = self._simple("speech", SpeakOperation(request), route, timeout, request)
        driver = Driver(call.steps, call.services or self._services)
        try:
            while (told := driver.advance()) is not None:
                for piece in told:
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
        self,
        model: Model,
        inputs: str | Sequence[str],
        *,
        unsupported: Unsupported = "raise",
        extra: Mapping[str, Any] = {},
        headers: Mapping[str, str] = {},
        timeout: float | None = None,
    ) -> ModerationResponse:
        """Whether texts hold what the provider does not want: one result a text, in their order."""
        from baimo.making import ModerateOperation

        from .made import made, moderate_request

        request = moderate_request(inputs, unsupported=unsupported, extra=extra, headers=headers)
        found: list[ModerationResponse] = []
        route = self._settings.resolve(model)
        call = self._simple("moderate", ModerateOperation(request), route, timeout, request)
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
