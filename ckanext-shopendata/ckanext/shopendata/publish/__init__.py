"""From decided datasets to what the public sees: one way, through an outbox."""
