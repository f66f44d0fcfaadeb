"""Mutants: faults put into the library one by one, to see whether a test finds each."""
