#!/bin/sh
# Makes the namespace and its search attributes in the server at TEMPORAL_ADDRESS, where they are missing. Can be repeated.
# For Temporal Cloud use its own console or tcld: there, namespaces are not made through this door.
set -eu
: "${TEMPORAL_ADDRESS:?}" "${TEMPORAL_NAMESPACE:?}"
# How long what has ended can still be read. An open workflow is kept for as long as it is open.
RETENTION=${TEMPORAL_RETENTION:-30d}

# Tries for about a minute: a server that has just started takes its time.
patiently() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 30 ] || return 1
    sleep 2
  done
}

patiently temporal operator cluster health
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"

# The frontend learns of a new namespace within seconds.
patiently temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
  --name AgencyId --type Keyword --name LocationId --type Keyword \
  --name Capability --type Keyword --name LeadStatus --type Keyword
