#!/bin/sh
# Brings both databases of Temporal's server to the schema of this image's version. Can be repeated; run it before a newer server.
# Databases and login are made by ops/postgres/10-set-up.sql. Address and login: SQL_HOST, SQL_PORT, SQL_USER, SQL_PLUGIN.
# Elsewhere than in the container SQL_PASSWORD_FILE and TEMPORAL_SCHEMA say where those are.
set -eu
SQL_PASSWORD=$(cat "${SQL_PASSWORD_FILE:-/run/secrets/temporal_database_password}")
export SQL_PASSWORD
SCHEMA=${TEMPORAL_SCHEMA:-/etc/temporal/schema}

for pair in temporal:temporal temporal_visibility:visibility; do
  database=${pair%:*}
  temporal-sql-tool --db "$database" setup-schema -v 0.0
  temporal-sql-tool --db "$database" update-schema -d "$SCHEMA/postgresql/v12/${pair#*:}/versioned"
done
