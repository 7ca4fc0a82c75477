"""The window: draws, shows, and leaves all computing to the reading wing."""
