"""Credentials: API keys, identity tokens and the exchange of tokens; it may use the network."""
