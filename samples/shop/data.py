"""The database of the shop: four hundred days of orders, the same for the same last day."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from random import Random

DAYS = 400
CUSTOMERS = 180
SEED = 1907

SCHEMA = """
CREATE TABLE products (
    id INTEGER PRIMARY KEY, name TEXT, category TEXT, price NUMERIC, cost NUMERIC, on_hand INTEGER, reorder_at INTEGER);
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, country TEXT, segment TEXT, since DATE);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers, day DATE, placed_at TIMESTAMP, status TEXT);
CREATE TABLE lines (
    order_id INTEGER REFERENCES orders, product_id INTEGER REFERENCES products, units INTEGER, amount NUMERIC);
CREATE INDEX orders_by_day ON orders (day);
CREATE INDEX lines_by_order ON lines (order_id);
"""

ASSORTMENT = {
    "Tea": ("Green tea", "Black tea", "Rooibos", "Peppermint", "Chamomile"),
    "Coffee": ("House blend", "Espresso", "Decaffeinated", "Single origin"),
    "Chocolate": ("Dark 70 %", "Milk", "Hazelnut", "Nougat", "Gift box"),
    "Spices": ("Pepper", "Paprika", "Cinnamon", "Cardamom", "Saffron"),
    "Crockery": ("Cup", "Saucer", "Teapot", "Grinder"),
}
COUNTRIES = ("AT", "AT", "AT", "DE", "DE", "CH", "IT")
SEGMENTS = ("Private", "Private", "Private", "Café", "Office")


def build(path: Path, today: date) -> None:
    """Write the database to `path`, which must not exist; `today` is its last day."""
    random = Random(SEED)  # noqa: S311 - it shall be the same every time
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(SCHEMA)
        products = list(_products(random))
        database.executemany("INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, ?)", products)
        database.executemany("INSERT INTO customers VALUES (?, ?, ?, ?, ?)", _customers(random, today))
        for order, lines in _orders(random, today, [(row[0], row[3]) for row in products]):
            database.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", order)
            database.executemany("INSERT INTO lines VALUES (?, ?, ?, ?)", lines)


def _products(random: Random) -> Iterator[tuple[int, str, str, float, float, int, int]]:
    number = 0
    for category, names in ASSORTMENT.items():
        for name in names:
            number += 1
            price = random.randrange(290, 4_900, 10) / 100
            cost = round(price * random.uniform(0.4, 0.7), 2)
            yield number, name, category, price, cost, random.randrange(0, 240), random.randrange(20, 60)


def _customers(random: Random, today: date) -> Iterator[tuple[int, str, str, str, str]]:
    for number in range(1, CUSTOMERS + 1):
        since = today - timedelta(days=random.randrange(0, 3 * DAYS))
        yield number, f"customer-{number:03}", random.choice(COUNTRIES), random.choice(SEGMENTS), since.isoformat()


def _orders(
    random: Random, today: date, products: list[tuple[int, float]]
) -> Iterator[tuple[tuple[int, int, str, str, str], list[tuple[int, int, int, float]]]]:
    number = 0
    for back in range(DAYS, -1, -1):
        day = today - timedelta(days=back)
        # More towards the weekend, and a little more every month.
        busy = 6 + day.weekday() + (DAYS - back) // 60
        for _ in range(random.randrange(busy // 2, busy + 1)):
            number += 1
            customer = min(random.randrange(1, CUSTOMERS + 1), random.randrange(1, CUSTOMERS + 1))
            minute = random.randrange(8 * 60, 20 * 60)
            placed_at = f"{day} {minute // 60:02}:{minute % 60:02}:00"
            status = _status(random, back)
            order = (number, customer, day.isoformat(), placed_at, status)
            yield order, [_line(random, number, *one) for one in random.sample(products, random.randrange(1, 5))]


def _status(random: Random, days_ago: int) -> str:
    if random.random() < 0.03:
        return "cancelled"
    if days_ago > 10:
        return "paid"
    return random.choice(("new", "shipped", "shipped", "paid"))


def _line(random: Random, order: int, product: int, price: float) -> tuple[int, int, int, float]:
    units = random.choice((1, 1, 1, 2, 2, 3, 6))
    return order, product, units, round(units * price, 2)
