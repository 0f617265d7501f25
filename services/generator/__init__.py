"""The generator: runs a report's queries, draws the files, stores them and orders their delivery."""
