"""The console's pages: one a file, each says what it polls and how it shows it."""
