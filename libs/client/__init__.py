"""The typed client of Pressroom's REST API: `Pressroom(url, token)`.

with Pressroom("http://127.0.0.1:8000", token) as pressroom:
    report = pressroom.order_report("worst-routes", formats=["xlsx"], recipients=["ann@example.org"])
    print(pressroom.wait_for_report(report.id, timeout_seconds=60).status)
"""

from libs.client.pressroom import Pressroom
from libs.client.problem import ApiProblem, Unreachable

__all__ = ["ApiProblem", "Pressroom", "Unreachable"]
