"""The test kit: real homes, real server processes, typed answers; nothing here fakes the product."""
