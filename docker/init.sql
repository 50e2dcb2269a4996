-- Runs once, when the database's volume is empty, as the superuser: Tacit's two logins and its database.
-- The passwords come from the secret files that docker/make-secrets wrote.
\set owner_password `cat /run/secrets/owner_password`
\set visitor_password `cat /run/secrets/visitor_password`

-- An empty password would make a login that nobody can use; better to stop here, where the reason is seen.
SELECT :'owner_password' = '' OR :'visitor_password' = '' AS secrets_missing \gset
\if :secrets_missing
    DO $$ BEGIN RAISE EXCEPTION 'A secret file is missing or empty. Run docker/make-secrets, remove the volume and start again.'; END $$;
\endif

CREATE ROLE tacit LOGIN PASSWORD :'owner_password';
-- The visitors' login: member of nothing, owner of nothing. Migrations grant it what it may read, and nothing else.
CREATE ROLE tacit_visitor LOGIN NOINHERIT PASSWORD :'visitor_password';
CREATE DATABASE tacit OWNER tacit;

\connect tacit
-- Only a superuser may add pgvector.
CREATE EXTENSION vector;
