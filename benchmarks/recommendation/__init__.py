"""Which network for which user: accuracy, cost, and which differences are significant."""
