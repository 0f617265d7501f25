"""Personal reports: who gets one, what is theirs, and the ordering of one report for each of them.

The report whose order has a burst is the parent. Its child process lists the recipients (`listing.py`) and, if the rows
are shared out, cuts the answer of each query into shares (`shares.py`). From then on nothing is held in memory but a
piece of the list: the `Spreader` orders the reports of some recipients at a time, in one transaction with the note of
how far it has come (`bursts.py`), so that whoever dies in between has said nothing twice and forgotten nobody.
"""
