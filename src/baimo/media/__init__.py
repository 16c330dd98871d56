"""The pictures and other media of a call: fetched where that is needed, checked before anything is sent."""
