-- The routes on which passengers waited longest on the average. Small routes are left out: one bad evening
-- would put them on top.
SELECT
    rank() OVER (ORDER BY avg(flights.arr_delay) DESC)                        AS "Rank",
    flights.origin                                                            AS "From",
    flights.dest                                                              AS "To",
    coalesce(airports.name, flights.dest)                                     AS "Destination",
    count(*)                                                                  AS "Flights",
    count(DISTINCT flights.carrier)                                           AS "Airlines",
    max(flights.distance)                                                     AS "Miles",
    round(avg(flights.arr_delay), 1)                                          AS "Mean arrival delay, min",
    round(100.0 * avg(flights.arr_delay >= 60), 1)                            AS "An hour late %",
    round(100.0 * (count(*) - count(flights.dep_time)) / count(*), 1)         AS "Cancelled %",
    CAST(round(sum(max(flights.arr_delay, 0)) / 60.0) AS INTEGER)             AS "Hours lost"
FROM flights
LEFT JOIN airports ON airports.faa = flights.dest
GROUP BY flights.origin, flights.dest, airports.name
HAVING count(flights.arr_delay) >= :min_flights
ORDER BY avg(flights.arr_delay) DESC, flights.origin, flights.dest
LIMIT :limit
