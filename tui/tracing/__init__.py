"""What the console makes of records of tracing, before any widget: rows, a bounded log, stories, bars and diagrams."""
