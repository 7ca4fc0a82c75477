"""What the published results come from, besides ``test.py``; each is run from the project's root with ``python -m``."""
