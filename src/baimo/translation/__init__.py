"""From one wire to another: a request for a provider of another wire, and its reply for the caller."""
