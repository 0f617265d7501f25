-- The departure board of one day as it really went, in the order of the timetable (New York time).
SELECT
    substr(flights.sched_dep_time, 12, 5)                                     AS "scheduled",
    substr(flights.dep_time, 12, 5)                                           AS "departed",
    flights.origin                                                            AS "from",
    flights.dest                                                              AS "to",
    coalesce(airports.name, flights.dest)                                     AS "destination",
    flights.carrier || ' ' || flights.flight                                  AS "flight",
    airlines.name                                                             AS "airline",
    CASE
        WHEN flights.dep_time IS NULL THEN 'cancelled'
        WHEN flights.arr_delay IS NULL THEN 'diverted'
        WHEN flights.arr_delay >= 15 THEN 'late'
        ELSE 'on time'
    END                                                                       AS "outcome",
    flights.dep_delay                                                         AS "departure delay, min",
    flights.arr_delay                                                         AS "arrival delay, min",
    planes.manufacturer || ' ' || planes.model                                AS "aircraft",
    CAST(round(weather.wind_speed) AS INTEGER)                                AS "wind, mph",
    weather.visib                                                             AS "visibility, miles"
FROM flights
JOIN airlines ON airlines.carrier = flights.carrier
LEFT JOIN airports ON airports.faa = flights.dest
LEFT JOIN planes ON planes.tailnum = flights.tailnum
LEFT JOIN weather ON weather.origin = flights.origin AND weather.time_hour = flights.time_hour
WHERE flights.flight_date = :date
ORDER BY flights.sched_dep_time, flights.origin, flights.carrier, flights.flight
