"""``make soak``: a million requests for the demos behind real servers, each held to its id."""
