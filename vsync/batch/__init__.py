"""Batch jobs: request files of a repository, run by OpenAI's Batch API."""
