-- What the weather at the hour of departure does to a flight: the same flights, sorted four times. Flights are
-- added up by hour first, as all of an hour met the same weather.
WITH hours AS (
    SELECT
        origin,
        time_hour,
        count(*) AS flights,
        count(dep_time) AS departed,
        sum(dep_delay) AS delay,
        sum(dep_delay >= 60) AS an_hour_late
    FROM flights
    WHERE :origin IS NULL OR origin = :origin
    GROUP BY origin, time_hour
),
readings (measure, value, flights, departed, delay, an_hour_late) AS (
    SELECT 'visibility', visib, flights, departed, delay, an_hour_late
    FROM hours JOIN weather USING (origin, time_hour)
    UNION ALL
    SELECT 'rain or snow in the hour', precip, flights, departed, delay, an_hour_late
    FROM hours JOIN weather USING (origin, time_hour)
    UNION ALL
    SELECT 'wind', wind_speed, flights, departed, delay, an_hour_late
    FROM hours JOIN weather USING (origin, time_hour)
    UNION ALL
    SELECT 'temperature', temp, flights, departed, delay, an_hour_late
    FROM hours JOIN weather USING (origin, time_hour)
),
-- A class holds the readings from `low` up to, not including, `high`. The data set knows one wind of 1048 mph.
classes (measure, low, high, label) AS (
    VALUES
        ('visibility', 0, 1, 'under 1 mile'),
        ('visibility', 1, 3, '1 to 3 miles'),
        ('visibility', 3, 10, '3 to 10 miles'),
        ('visibility', 10, 100, '10 miles and more'),
        ('rain or snow in the hour', 0, 0.001, 'none'),
        ('rain or snow in the hour', 0.001, 0.1, 'under 0.1 inch'),
        ('rain or snow in the hour', 0.1, 0.3, '0.1 to 0.3 inch'),
        ('rain or snow in the hour', 0.3, 10, '0.3 inch and more'),
        ('wind', 0, 10, 'under 10 mph'),
        ('wind', 10, 20, '10 to 20 mph'),
        ('wind', 20, 30, '20 to 30 mph'),
        ('wind', 30, 200, '30 mph and more'),
        ('temperature', -50, 32, 'frost'),
        ('temperature', 32, 50, '32 to 50 °F'),
        ('temperature', 50, 80, '50 to 80 °F'),
        ('temperature', 80, 150, '80 °F and more')
)
SELECT
    classes.measure                                                           AS "Measure",
    classes.label                                                             AS "Condition",
    sum(readings.flights)                                                     AS "Flights",
    round(100.0 * (sum(readings.flights) - sum(readings.departed)) / sum(readings.flights), 1) AS "Cancelled %",
    round(1.0 * sum(readings.delay) / sum(readings.departed), 1)              AS "Mean departure delay, min",
    round(100.0 * sum(readings.an_hour_late) / sum(readings.departed), 1)     AS "An hour late %"
FROM readings
JOIN classes
    ON classes.measure = readings.measure AND readings.value >= classes.low AND readings.value < classes.high
GROUP BY classes.measure, classes.low, classes.label
ORDER BY classes.measure, classes.low
