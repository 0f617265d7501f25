-- One row: the month that was asked for beside the month before it.
WITH months AS (
    SELECT
        strftime('%Y-%m', flight_date)                                 AS month,
        count(*)                                                       AS flights,
        1.0 * (count(*) - count(dep_time)) / count(*)                  AS cancelled,
        1.0 * sum(arr_delay < 15) / count(arr_delay)                   AS on_time,
        avg(arr_delay)                                                 AS arrival_delay
    FROM flights
    GROUP BY strftime('%Y-%m', flight_date)
)
SELECT
    this.flights                 AS "Flights",
    before.flights               AS "Flights before",
    round(this.cancelled, 4)     AS "Cancelled",
    round(before.cancelled, 4)   AS "Cancelled before",
    round(this.on_time, 4)       AS "On time",
    round(before.on_time, 4)     AS "On time before",
    round(this.arrival_delay, 1)   AS "Mean delay, min",
    round(before.arrival_delay, 1) AS "Mean delay before, min"
FROM months AS this
LEFT JOIN months AS before ON before.month = strftime('%Y-%m', this.month || '-01', '-1 month')
WHERE this.month = :month
