"""Answers that are kept: equal requests are answered from here. Off unless asked for."""
