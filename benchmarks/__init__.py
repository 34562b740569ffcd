"""Benchmarks: figures behind every claim of speed, each with the command that makes it."""
