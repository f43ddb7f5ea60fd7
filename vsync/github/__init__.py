"""GitHub's side of the action: workflow commands, the event."""
