"""Calls as spans, metrics and log lines. Off unless asked for."""
