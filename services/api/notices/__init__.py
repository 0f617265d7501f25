"""Tells those who answer for schedules what happens to them.

What happens is kept in the transaction that changes the record (`happenings`). A part of the service (`desk`) reads
it, decides who has to be told and how often, words it (`wording`, `digest`) and orders the letters (`orders`).
"""
