"""Settings, each checked once wherever the user gave it; it reads only the values that it is given."""
