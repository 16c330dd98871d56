"""Policies that decide and never wait: time and chance are arguments."""
