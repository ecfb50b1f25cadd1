"""What produces the numbers in the README; each module is a command: python -m benchmarks.NAME."""
