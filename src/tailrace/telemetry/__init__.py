"""What the program tells of itself while it runs: numbers and traces. Knows nothing of ours."""
