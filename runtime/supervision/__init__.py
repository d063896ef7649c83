"""Supervision, as OTP's `supervisor` does it: child specs, strategies, intensity, the supervisor itself, its history.

child_spec   what a child is, and when it is restarted
strategy     who else is restarted (pure)
intensity    how often before the supervisor gives up (pure)
supervisor   the specification of a supervisor, and operations on a running one
requests     what these operations send
engine       the process that supervises
child        one child of a running supervisor, with its history
"""
