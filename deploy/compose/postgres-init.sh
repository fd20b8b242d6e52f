#!/bin/sh
# Runs once, when the database's volume is new: roles and schemas from deploy/roles.sql, passwords from the environment.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set=customer_profile="'$CUSTOMER_PROFILE_DATABASE_PASSWORD'" \
    --set=complaints="'$COMPLAINTS_DATABASE_PASSWORD'" \
    --set=scoring="'$SCORING_DATABASE_PASSWORD'" \
    --set=contact_center="'$CONTACT_CENTER_DATABASE_PASSWORD'" \
    --set=gateway="'$GATEWAY_DATABASE_PASSWORD'" \
    --set=owner="'$OWNER_DATABASE_PASSWORD'" \
    --file /guanxi/roles.sql
