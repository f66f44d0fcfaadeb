"""What takes too long for the tests: load, fuzzing, mutants and other projects' suites."""
