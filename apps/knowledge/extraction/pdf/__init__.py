"""What reading PDF takes: its letters, the order in which a person reads them, its tables and headings."""
