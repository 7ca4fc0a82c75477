"""How the time for training and reading grows with their size."""
