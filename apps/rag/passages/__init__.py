"""The structure of a passage: its sections, parts and sentences, as the layout tells them or its lines."""
