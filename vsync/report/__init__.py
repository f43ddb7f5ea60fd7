"""What a run did, as text, Markdown, comment and JSON; pure, it returns text and prints nothing."""
