-- The departure board of one day as it really went, in the order of the timetable (New York time).
SELECT
    substr(flights.sched_dep_time, 12, 5)                                     AS "Scheduled",
    substr(flights.dep_time, 12, 5)                                           AS "Departed",
    flights.origin                                                            AS "From",
    flights.dest                                                              AS "To",
    coalesce(airports.name, flights.dest)                                     AS "Destination",
    flights.carrier || ' ' || flights.flight                                  AS "Flight",
    airlines.name                                                             AS "Airline",
    CASE
        WHEN flights.dep_time IS NULL THEN 'cancelled'
        WHEN flights.arr_delay IS NULL THEN 'diverted'
        WHEN flights.arr_delay >= 15 THEN 'late'
        ELSE 'on time'
    END                                                                       AS "Outcome",
    flights.dep_delay                                                         AS "Departure delay, min",
    flights.arr_delay                                                         AS "Arrival delay, min",
    planes.model                                                              AS "Aircraft",
    CAST(round(weather.wind_speed) AS INTEGER)                                AS "Wind, mph",
    weather.visib                                                             AS "Visibility, miles"
FROM flights
JOIN airlines ON airlines.carrier = flights.carrier
LEFT JOIN airports ON airports.faa = flights.dest
LEFT JOIN planes ON planes.tailnum = flights.tailnum
LEFT JOIN weather ON weather.origin = flights.origin AND weather.time_hour = flights.time_hour
WHERE flights.flight_date = :date
ORDER BY flights.sched_dep_time, flights.origin, flights.carrier, flights.flight
