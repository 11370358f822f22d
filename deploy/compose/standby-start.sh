#!/bin/bash
# Copies the primary into an empty data directory, and then follows it. The name of the standby is the
# one in synchronous_standby_names.
set -euo pipefail

export PGPASSWORD="$REPLICATION_PASSWORD"
connection="host=$PRIMARY_HOST user=replicator application_name=standby"

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  until pg_basebackup --pgdata "$PGDATA" --dbname "$connection" --write-recovery-conf --checkpoint=fast
  do
    echo "the primary does not answer yet" >&2
    rm -rf "${PGDATA:?}"/*
    sleep 2
  done
  chown -R postgres:postgres "$PGDATA"
  chmod 0700 "$PGDATA"
fi
exec docker-entrypoint.sh postgres
