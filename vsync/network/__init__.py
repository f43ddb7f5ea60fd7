"""What every connection shares: the proxies and certificates that the environment names, and why a certificate is not trusted."""
