#!/bin/sh
# Makes the administrator's client and one for each part, or gives those that are there the secrets of the environment.
set -eu
register() {
    secret=$1
    shift
    GUANXI_NEW_CLIENT_SECRET=$secret python -m gateway ensure-client "$@"
}
register "$ADMINISTRATOR_CLIENT_SECRET" --client-id administrator --name Administrator --all-scopes --approval-limit "1000000000.00 CNY"
register "$CUSTOMER_PROFILE_CLIENT_SECRET" --client-id customer-profile-service --name customer-profile --scope events:read \
    --scope complaints:read --scope transactions:read --scope scores:read --scope tiers:read --scope surveys:read \
    --scope contacts:read --scope offers:read --scope agents:read --scope queues:read
register "$COMPLAINTS_CLIENT_SECRET" --client-id complaints-service --name complaints --scope events:read \
    --scope customers:read --scope interactions:read --scope consents:read --scope care:read --scope transactions:read \
    --scope scores:read --scope tiers:read --scope surveys:read
register "$SCORING_CLIENT_SECRET" --client-id scoring-service --name scoring --scope events:read \
    --scope customers:read --scope interactions:read --scope consents:read --scope care:read
register "$CONTACT_CENTER_CLIENT_SECRET" --client-id contact-center-service --name contact-center --scope events:read \
    --scope customers:read --scope interactions:read --scope consents:read --scope care:read --scope transactions:read \
    --scope scores:read --scope tiers:read --scope surveys:read --scope complaints:read --scope contacts:read
register "$GATEWAY_CLIENT_SECRET" --client-id gateway-service --name gateway --scope events:read
