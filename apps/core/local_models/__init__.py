"""Models that run in this process: their graphs, the files built from these, and the sessions that run the files."""
