"""Reading: which blocks of the passages answer the question, and whether any does."""
