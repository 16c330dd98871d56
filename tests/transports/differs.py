"""Where an adapted client differs from the contract by right, test by test, with the reason."""

from __future__ import annotations

_HTTPX2 = {
    "test_a_length_beside_chunks_is_an_error": "h11 takes the chunks and ignores the length",
    "test_a_whole_head_over_the_limits_is_an_error": "h11 bounds a head at 100 KiB and not its fields",
    "test_a_connection_with_bytes_after_the_reply_is_not_used_again": "it reads them as the next reply",
    "test_a_refusal_in_the_middle_of_an_upload_is_read": "it reads when it has sent everything",
    "test_a_head_that_drips_does_not_move_its_limit": "its limit is for each read, not for the head",
}

DIFFERS: dict[str, dict[str, str]] = {
    "httpx2": {
        **_HTTPX2,
        "test_framing_that_drips_does_not_move_the_limit": "its limit is for each read, not for a piece",
        "test_giving_up_before_the_head_is_seen_at_the_server_at_once": "its caller has no hold",
    },
    "async_httpx2": _HTTPX2,
    "aiohttp": {
        "test_a_peer_that_takes_nothing_of_a_request_is_told_as_such": "it has no limit for writing",
        "test_a_change_of_protocol_that_nobody_asked_for_is_an_error": "it hands the connection on",
        "test_a_connection_with_bytes_after_the_reply_is_not_used_again": "it fails the reply itself",
        "test_what_came_before_the_cut_is_handed_out": "an error overtakes what was not read yet",
        "test_a_kept_connection_that_ends_before_any_byte_is_called_stale": "it does not tell kept from new",
        "test_a_head_that_drips_does_not_move_its_limit": "its limit is for each read, not for the head",
    },
}
