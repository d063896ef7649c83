"""Who is where, with what: presence in topics (after Phoenix.Presence)."""
