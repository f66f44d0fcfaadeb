"""The code of the pages is run, as a reader would run it."""
