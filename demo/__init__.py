"""The demo bot's documents: the texts of a made-up company and what builds files from them."""
