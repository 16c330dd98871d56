"""The clients that people call: two thin drivers over the same generators."""
