-- Run once by the Postgres image, as its superuser, when its volume is empty. Makes who owns what; `migrate` makes the rest:
-- tables, roles, and the login of api and worker, which owns nothing.
\set owner_password `cat /run/secrets/database_owner_password`
\set temporal_password `cat /run/secrets/temporal_database_password`

-- Migrations make roles (hence createrole) and may have to change rows of all tenants (hence bypassrls).
create role switchyard_migrations login createrole bypassrls password :'owner_password';
create database switchyard owner switchyard_migrations;

create role temporal login password :'temporal_password';
create database temporal owner temporal;
create database temporal_visibility owner temporal;

-- By default every login may connect to every database.
revoke connect on database temporal from public;
revoke connect on database temporal_visibility from public;
