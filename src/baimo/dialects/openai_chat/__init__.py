"""The chat API of OpenAI and of all who speak it.

Read at https://platform.openai.com/docs/api-reference/chat and in the types of the official Python package 3.54.0,
November 2026.
"""
