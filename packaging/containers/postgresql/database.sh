#!/bin/sh
# What the image of PostgreSQL runs once, when its data are new: a database for the service, whose
# role owns it and is no superuser. The superuser loses its password, and so can log in no more from
# outside of the container.
set -eu

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv password POSTGRES_PASSWORD
CREATE ROLE ivr LOGIN PASSWORD :'password';
CREATE DATABASE ivr OWNER ivr;
ALTER ROLE CURRENT_USER PASSWORD NULL;
SQL
