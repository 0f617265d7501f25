-- One row per day of the month.
SELECT
    flight_date                                              AS "Day",
    round(avg(CASE WHEN origin = 'EWR' THEN arr_delay END), 1) AS "Newark",
    round(avg(CASE WHEN origin = 'JFK' THEN arr_delay END), 1) AS "Kennedy",
    round(avg(CASE WHEN origin = 'LGA' THEN arr_delay END), 1) AS "LaGuardia"
FROM flights
WHERE strftime('%Y-%m', flight_date) = :month
GROUP BY flight_date
ORDER BY flight_date
