"""The neutral words that every dialect translates to and from."""
