-- One database and one role per service, made when the server starts for the first time with an empty volume.
-- A service can open its own store and no other. Passwords come from the environment (see .env).

\getenv scheduler_password PRESSROOM_SCHEDULER_STORE_PASSWORD
\getenv generator_password PRESSROOM_GENERATOR_STORE_PASSWORD
\getenv mailer_password PRESSROOM_MAILER_STORE_PASSWORD
\getenv api_password PRESSROOM_API_STORE_PASSWORD
\getenv probe_password PRESSROOM_PROBE_PASSWORD

-- Passwords must not end up in the server's log, whatever it is set to write there.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;

CREATE ROLE scheduler LOGIN PASSWORD :'scheduler_password';
CREATE ROLE generator LOGIN PASSWORD :'generator_password';
CREATE ROLE mailer LOGIN PASSWORD :'mailer_password';
CREATE ROLE api LOGIN PASSWORD :'api_password';

CREATE DATABASE timetable OWNER scheduler;
CREATE DATABASE journal OWNER generator;
CREATE DATABASE ledger OWNER mailer;
CREATE DATABASE records OWNER api;

-- What deploy/probe.py reads from: an empty database and a role that can do nothing but SELECT without tables.
CREATE ROLE probe LOGIN PASSWORD :'probe_password' CONNECTION LIMIT 5;
ALTER ROLE probe SET default_transaction_read_only = on;
CREATE DATABASE probe;
GRANT CONNECT ON DATABASE probe TO probe;

-- By default everybody may connect to every database and make temporary tables in it.
REVOKE ALL ON DATABASE timetable, journal, ledger, records, probe, postgres, template1 FROM PUBLIC;
