"""Every change of the tables since the first release, in order."""

#: What this program needs; a test holds it against the newest migration.
HEAD_REVISION = "0002"
