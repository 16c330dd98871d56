"""Signers: what turns a wire request into one the provider accepts. Pure; the time is an argument."""
