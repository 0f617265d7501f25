-- The flights that left New York in 2013, with the airlines, airports, planes and weather they met.
-- Column names are those of the data set; where it packs a time into a number (517) or into five columns,
-- here is one date or timestamp as ISO 8601 text. What was missing ("NA") is NULL.

CREATE TABLE airlines (
    carrier TEXT NOT NULL PRIMARY KEY,
    name    TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE airports (
    faa   TEXT NOT NULL PRIMARY KEY,
    name  TEXT NOT NULL,
    lat   REAL NOT NULL,
    lon   REAL NOT NULL,
    alt   INTEGER NOT NULL,  -- feet above the sea
    tz    INTEGER NOT NULL,  -- hours from UTC
    dst   TEXT NOT NULL,
    tzone TEXT
) WITHOUT ROWID;

CREATE TABLE planes (
    tailnum      TEXT NOT NULL PRIMARY KEY,
    year         INTEGER,  -- in which it was built
    type         TEXT NOT NULL,
    manufacturer TEXT NOT NULL,
    model        TEXT NOT NULL,
    engines      INTEGER NOT NULL,
    seats        INTEGER NOT NULL,
    speed        INTEGER,  -- miles per hour
    engine       TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE weather (
    origin     TEXT NOT NULL,
    time_hour  TIMESTAMP NOT NULL,  -- UTC, full hours
    temp       REAL,  -- degrees Fahrenheit
    dewp       REAL,
    humid      REAL,  -- per cent
    wind_dir   INTEGER,  -- degrees
    wind_speed REAL,  -- miles per hour
    wind_gust  REAL,
    precip     REAL,  -- inches in the hour
    pressure   REAL,  -- millibars
    visib      REAL,  -- miles
    PRIMARY KEY (origin, time_hour)
) WITHOUT ROWID;

-- The key puts the flights of one day side by side.
CREATE TABLE flights (
    flight_date    DATE NOT NULL,  -- of the scheduled departure, New York time
    carrier        TEXT NOT NULL,
    flight         INTEGER NOT NULL,
    origin         TEXT NOT NULL,
    dest           TEXT NOT NULL,
    tailnum        TEXT,
    sched_dep_time TIMESTAMP NOT NULL,  -- New York time
    dep_time       TIMESTAMP,  -- New York time; NULL: it never left
    dep_delay      INTEGER,  -- minutes, negative if early
    sched_arr_time TEXT NOT NULL,  -- hh:mm at the destination
    arr_time       TEXT,  -- hh:mm at the destination
    arr_delay      INTEGER,  -- minutes, negative if early; NULL: cancelled or diverted
    air_time       INTEGER,  -- minutes
    distance       INTEGER NOT NULL,  -- miles
    time_hour      TIMESTAMP NOT NULL,  -- the hour of the scheduled departure in UTC, as in weather
    PRIMARY KEY (flight_date, carrier, flight, origin)
) WITHOUT ROWID;
