#!/bin/sh
# Makes the files of docker-compose.yml's secrets that are not there yet, in secrets/ or the folder given; replaces none.
# What only GHL knows is made empty, which counts as not set: write it in where the app has one.
set -eu
folder=${1:-secrets}
# Containers read them as users of their own, by a mount that does not pass through the folder; the folder keeps others out.
umask 077
mkdir -p "$folder"

# put NAME COMMAND…: keeps what the command prints, whole or not at all.
put() {
  file="$folder/$1"
  shift
  [ -e "$file" ] && return
  "$@" >"$file.new"
  chmod 644 "$file.new"
  mv "$file.new" "$file"
}

# Letters and digits alone: they stand in addresses and in a template of Temporal's server.
password() { head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
owner_url() {
  printf 'postgres://switchyard_migrations:%s@postgres:5432/switchyard\n' "$(cat "$folder/database_owner_password")"
}
service_url() {
  secret=$(password)
  printf 'postgres://switchyard_service:%s@postgres:5432/switchyard\n' "$secret"
}
encryption_keys() {
  key=$(head -c 32 /dev/urandom | base64)
  printf '1:%s\n' "$key"
}

put postgres_password password
put database_owner_password password
put temporal_database_password password
put grafana_admin_password password
put database_owner_url owner_url
put database_url service_url
put encryption_keys encryption_keys
put ghl_client_secret true
put ghl_provisioning_client_secret true
put smtp_url true
