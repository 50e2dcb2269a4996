"""The owner's leak test: every known attack on learn-only sources, run against a chatbot as visitors reach it."""
