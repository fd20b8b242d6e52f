-- Two roles and one schema for each part of Guanxi, with no right in another's: guanxi_<part>_owner owns the schema and migrates it,
-- guanxi_<part> runs the service and has only the rights that `migrate` gives it. Run it with psql as an administrator, connected
-- to the database that Guanxi shall use; the passwords come as variables, so that none stands in a file:
--   psql "$ADMIN_URL" -v ON_ERROR_STOP=1 -v customer_profile="'...'" -v complaints="'...'" -v scoring="'...'"
--        -v contact_center="'...'" -v gateway="'...'" -v owner="'...'" -f deploy/roles.sql
-- It may be run again: roles get the password given (`owner` is that of the five owners), schemas keep what they hold; what the running
-- roles of an earlier release own goes to the owners. Run `migrate` of every part afterwards: it gives the running roles their rights.
SET password_encryption = 'scram-sha-256';

SELECT format('CREATE ROLE %I LOGIN', role)
FROM unnest(ARRAY['customer_profile', 'complaints', 'scoring', 'contact_center', 'gateway']) AS part,
     unnest(ARRAY['guanxi_' || part, 'guanxi_' || part || '_owner']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec

ALTER ROLE guanxi_customer_profile PASSWORD :customer_profile;
ALTER ROLE guanxi_complaints PASSWORD :complaints;
ALTER ROLE guanxi_scoring PASSWORD :scoring;
ALTER ROLE guanxi_contact_center PASSWORD :contact_center;
ALTER ROLE guanxi_gateway PASSWORD :gateway;
ALTER ROLE guanxi_customer_profile_owner PASSWORD :owner;
ALTER ROLE guanxi_complaints_owner PASSWORD :owner;
ALTER ROLE guanxi_scoring_owner PASSWORD :owner;
ALTER ROLE guanxi_contact_center_owner PASSWORD :owner;
ALTER ROLE guanxi_gateway_owner PASSWORD :owner;

SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;

SELECT format(statement, current_database(), 'guanxi_' || part, part, 'guanxi_' || part || '_owner')
FROM unnest(ARRAY['customer_profile', 'complaints', 'scoring', 'contact_center', 'gateway']) AS part,
     unnest(ARRAY[
         'GRANT CONNECT ON DATABASE %1$I TO %2$I, %4$I',
         'GRANT %2$I, %4$I TO CURRENT_USER',
         'REASSIGN OWNED BY %2$I TO %4$I',
         'CREATE SCHEMA IF NOT EXISTS %3$I AUTHORIZATION %4$I',
         'REVOKE ALL ON SCHEMA %3$I FROM PUBLIC, %2$I',
         'GRANT USAGE ON SCHEMA %3$I TO %2$I',
         'ALTER ROLE %2$I IN DATABASE %1$I SET search_path = %3$I',
         'ALTER ROLE %4$I IN DATABASE %1$I SET search_path = %3$I'
     ]) WITH ORDINALITY AS made(statement, place)
ORDER BY part, place \gexec
