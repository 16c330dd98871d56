"""What a client does about the pictures and other media of a call. Loaded with the first such call."""

from __future__ import annotations

from typing import Any

from baimo.config.services import MediaSettings
from baimo.media.fetching import FetchRules
from baimo.media.inlining import CallMedia, MediaRules


def call_media(fetch: Any, settings: MediaSettings | None, transport: Any) -> CallMedia:
    """What sees to the media of a call, as its option `fetch` and the settings say."""
    own = settings or MediaSettings()
    most = int(own.max_mb * 1_000_000)
    return CallMedia(
        MediaRules(
            fetch=fetch or own.fetch,
            check=own.check,
            guarded=getattr(transport, "checks_addresses", False),
            rules=FetchRules(
                allow_private=own.allow_private,
                max_bytes=most,
                max_total=max(most, FetchRules().max_total),
                within_s=own.timeout_s,
            ),
        )
    )
