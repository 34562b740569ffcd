"""Tests, by what they prove: see the folder names."""
