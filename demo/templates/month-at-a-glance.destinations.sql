-- The ten destinations with the most flights, in their order.
SELECT
    flights.dest                       AS "Destination",
    sum(flights.arr_delay < 15)        AS "On time",
    sum(flights.arr_delay >= 15)       AS "Late",
    count(*) - count(flights.arr_delay) AS "Not landed there"
FROM flights
WHERE strftime('%Y-%m', flights.flight_date) = :month
GROUP BY flights.dest
ORDER BY count(*) DESC, flights.dest
LIMIT 10
