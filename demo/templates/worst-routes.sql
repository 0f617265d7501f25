-- The routes on which passengers waited longest on the average. Small routes are left out: one bad evening
-- would put them on top.
SELECT
    rank() OVER (ORDER BY avg(flights.arr_delay) DESC)                        AS "rank",
    flights.origin                                                            AS "from",
    flights.dest                                                              AS "to",
    coalesce(airports.name, flights.dest)                                     AS "destination",
    count(*)                                                                  AS "flights",
    count(DISTINCT flights.carrier)                                           AS "airlines",
    max(flights.distance)                                                     AS "miles",
    round(avg(flights.arr_delay), 1)                                          AS "mean arrival delay, min",
    round(100.0 * avg(flights.arr_delay >= 60), 1)                            AS "an hour late %",
    round(100.0 * (count(*) - count(flights.dep_time)) / count(*), 1)         AS "cancelled %",
    CAST(round(sum(max(flights.arr_delay, 0)) / 60.0) AS INTEGER)             AS "hours lost"
FROM flights
LEFT JOIN airports ON airports.faa = flights.dest
GROUP BY flights.origin, flights.dest, airports.name
HAVING count(flights.arr_delay) >= :min_flights
ORDER BY avg(flights.arr_delay) DESC, flights.origin, flights.dest
LIMIT :limit
