"""The model that reads question and text together and scores how well the one answers the other."""
