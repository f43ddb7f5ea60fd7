"""Files, logs, signals and secrets of this machine; it knows nothing of documents and stores."""
