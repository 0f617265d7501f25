"""Requests and answers, as msgspec structs: the contract with people and programs."""
