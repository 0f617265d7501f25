"""Messages, broker, stores, settings, storage and telemetry: all that the services have in common."""
