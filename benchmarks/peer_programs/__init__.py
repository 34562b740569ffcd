"""Programs that run in the peers' own environments, each a script that imports nothing of ours."""
