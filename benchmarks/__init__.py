"""What the published figures come from, beside ``test.py``; each is run from the project's root with ``python -m``."""
