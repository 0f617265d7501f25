-- One row per airline and airport of departure.
SELECT
    airports.name                                            AS "Airport",
    airlines.name                                            AS "Airline",
    count(*)                                                 AS "Flights",
    count(*) - count(flights.dep_time)                       AS "Cancelled",
    sum(flights.arr_delay < 15)                              AS "On time",
    sum(flights.arr_delay >= 15)                             AS "Late",
    round(1.0 * sum(flights.arr_delay < 15) / count(flights.arr_delay), 4) AS "Share on time",
    round(avg(flights.arr_delay), 1)                         AS "Mean delay, min"
FROM flights
JOIN airlines ON airlines.carrier = flights.carrier
JOIN airports ON airports.faa = flights.origin
WHERE strftime('%Y-%m', flights.flight_date) = :month
GROUP BY airports.faa, airlines.carrier
ORDER BY airports.name, count(*) DESC, airlines.name
