-- One role and one schema for each part of Guanxi, with no right in another's. Run it with psql as an administrator, connected
-- to the database that Guanxi shall use; the passwords come as variables, so that none stands in a file:
--   psql "$ADMIN_URL" -v ON_ERROR_STOP=1 -v customer_profile="'...'" -v complaints="'...'" -v scoring="'...'"
--        -v contact_center="'...'" -v gateway="'...'" -f deploy/roles.sql
-- It may be run again: roles get the password given, schemas keep what they hold.
SET password_encryption = 'scram-sha-256';

SELECT format('CREATE ROLE %I LOGIN', 'guanxi_' || part)
FROM unnest(ARRAY['customer_profile', 'complaints', 'scoring', 'contact_center', 'gateway']) AS part
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'guanxi_' || part) \gexec

ALTER ROLE guanxi_customer_profile PASSWORD :customer_profile;
ALTER ROLE guanxi_complaints PASSWORD :complaints;
ALTER ROLE guanxi_scoring PASSWORD :scoring;
ALTER ROLE guanxi_contact_center PASSWORD :contact_center;
ALTER ROLE guanxi_gateway PASSWORD :gateway;

SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;

SELECT format(statement, current_database(), 'guanxi_' || part, part)
FROM unnest(ARRAY['customer_profile', 'complaints', 'scoring', 'contact_center', 'gateway']) AS part,
     unnest(ARRAY[
         'GRANT CONNECT ON DATABASE %1$I TO %2$I',
         'GRANT %2$I TO CURRENT_USER',
         'CREATE SCHEMA IF NOT EXISTS %3$I AUTHORIZATION %2$I',
         'REVOKE ALL ON SCHEMA %3$I FROM PUBLIC',
         'ALTER ROLE %2$I IN DATABASE %1$I SET search_path = %3$I'
     ]) WITH ORDINALITY AS made(statement, place)
ORDER BY part, place \gexec
