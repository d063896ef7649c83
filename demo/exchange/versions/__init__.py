"""The call handling of the exchange, in its versions. They are copied, never imported from here: see `demo.exchange.software`."""
