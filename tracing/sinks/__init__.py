"""Records in the forms of others: JSON lines, Mermaid sequence diagrams, Chrome's trace format, OpenTelemetry."""
