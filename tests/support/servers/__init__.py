"""Stand-ins for servers of others, over real HTTP."""
