"""Keeps the record, from events that may come in any order and more than once.

Every event is a fact about an attempt. Each row keeps the greatest fact by a fixed order (see `Standing`), moments keep
the earliest or the latest, and what people see as the status is computed from that. So the record is the same
whatever the order of arrival, and a repetition or a latecomer changes nothing.
"""
