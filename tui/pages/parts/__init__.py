"""The seven parts of the Process page."""
