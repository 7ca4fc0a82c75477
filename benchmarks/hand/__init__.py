"""What learning a person's hand does, writer by writer: ``python -m benchmarks.hand``."""
