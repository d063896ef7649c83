"""Processes together: groups with monitors (after OTP's `pg`), topics to publish to (after Phoenix.PubSub)."""
