"""Writes the fixtures of the Swift tests; see Tests/Fixtures/README.md for what they hold."""
