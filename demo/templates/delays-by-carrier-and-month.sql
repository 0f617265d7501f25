-- One row per month and airline. A flight is on time when it lands less than 15 minutes late, as the US Department
-- of Transportation counts; delays are of the flights that landed where they should.
SELECT
    strftime('%Y-%m', flights.flight_date)                                    AS "Month",
    airlines.name                                                             AS "Airline",
    count(*)                                                                  AS "Flights",
    count(*) - count(flights.dep_time)                                        AS "Cancelled",
    round(100.0 * (count(*) - count(flights.dep_time)) / count(*), 1)         AS "Cancelled %",
    round(100.0 * avg(flights.arr_delay < 15), 1)                             AS "On time %",
    round(100.0 * avg(flights.arr_delay >= 60), 1)                            AS "An hour late %",
    round(avg(flights.dep_delay), 1)                                          AS "Mean departure delay, min",
    round(avg(flights.arr_delay), 1)                                          AS "Mean arrival delay, min",
    max(flights.arr_delay)                                                    AS "Worst arrival delay, min"
FROM flights
JOIN airlines ON airlines.carrier = flights.carrier
WHERE :carrier IS NULL OR flights.carrier = :carrier
GROUP BY strftime('%Y-%m', flights.flight_date), airlines.carrier
ORDER BY strftime('%Y-%m', flights.flight_date), airlines.name COLLATE NOCASE
