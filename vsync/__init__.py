"""vsync keeps an OpenAI vector store equal to chosen files of a git repository."""

__version__ = "0.1.0"
