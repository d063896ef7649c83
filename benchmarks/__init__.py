"""Benchmarks: this runtime beside OTP and beside other actor libraries of Python, in one go on one machine.

    python -m benchmarks ──> runner ──> for each round, for each measure, for each candidate: a fresh process
      (make bench)             │          python -m benchmarks.worker CANDIDATE MEASURE SECONDS MANY
                               │          erl +S 1:1 … -s bench main -extra MEASURE SECONDS MANY
                               │        <── one line of JSON: {"figures": {…}} or {"skipped": "why"}
                               └──> report ──> medians, ratios, aims: the terminal, docs/benchmarks.{json,md}, README.md

    measures/     what is measured, its rows in the tables, and the aims
    candidates/   how each of the candidates does it; `observer/` is this runtime
    otp/          the same in Erlang

To add a measure: its entry in `measures/`, and a function of that name in the candidates that can do it. These are no
tests: nothing here passes or fails by the clock, and nothing of it is installed with the package.
"""
