"""The api: REST for people and programs, and the record of everything that was produced and sent."""
