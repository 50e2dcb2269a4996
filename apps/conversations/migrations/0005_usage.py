"""What the limits on visitors count with: two unlogged tables, and the function that counts one request.

They hold nothing that a crash of the database may not take: counts begin anew and places are free again. No visitor's
address is in them, but a digest with a key that changes every day.
"""

from django.db import migrations

TABLES = """
CREATE UNLOGGED TABLE visitor_count (
    chatbot_id uuid NOT NULL,
    day date NOT NULL,
    visitor bytea NOT NULL,
    number integer NOT NULL DEFAULT 0,
    recent timestamptz[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (chatbot_id, day, visitor)
) WITH (fillfactor = 50);
CREATE INDEX visitor_count_day ON visitor_count (day);
COMMENT ON COLUMN visitor_count.visitor IS 'a keyed digest; the name of a kind of request stands for all visitors';
COMMENT ON COLUMN visitor_count.recent IS 'when the requests of the last minute came';

CREATE UNLOGGED TABLE open_answer (
    id uuid PRIMARY KEY,
    chatbot_id uuid NOT NULL,
    visitor bytea NOT NULL,
    held_until timestamptz NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX open_answer_chatbot ON open_answer (chatbot_id, visitor);
"""

# One round trip for all limits. The rows of the visitor and then of the chatbot are locked, so that of many requests
# at once, on whichever process, no more get through than may; what is refused is counted nowhere.
TAKE_TURN = """
CREATE FUNCTION take_turn(
    bot uuid, today date, who bytea, everybody bytea,
    per_minute integer, per_day integer, bot_per_day integer,
    place uuid, own_places integer, bot_places integer, seconds double precision
) RETURNS TABLE (refused text, before integer, wait double precision)
LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
DECLARE
    moment timestamptz;
    asked integer;
    latest timestamptz[];
    asked_by_all integer;
    held_by_who bigint;
    held_by_all bigint;
BEGIN
    -- Before anything is written: a flood on a chatbot that is full for today leaves no rows.
    SELECT number INTO asked_by_all FROM visitor_count WHERE chatbot_id = bot AND day = today AND visitor = everybody;
    IF asked_by_all >= bot_per_day THEN
        RETURN QUERY SELECT 'bot_day', 0, 0::double precision;
        RETURN;
    END IF;

    INSERT INTO visitor_count (chatbot_id, day, visitor) VALUES (bot, today, who) ON CONFLICT DO NOTHING;
    SELECT number, recent INTO asked, latest FROM visitor_count
        WHERE chatbot_id = bot AND day = today AND visitor = who FOR UPDATE;
    moment := clock_timestamp();
    latest := ARRAY(SELECT at FROM unnest(latest) AS at WHERE at > moment - interval '1 minute' ORDER BY at);
    before := cardinality(latest);
    IF before >= per_minute THEN
        RETURN QUERY SELECT 'minute', before,
            extract(epoch FROM latest[before - per_minute + 1] + interval '1 minute' - moment)::double precision;
        RETURN;
    ELSIF asked >= per_day THEN
        RETURN QUERY SELECT 'day', before, 0::double precision;
        RETURN;
    END IF;

    INSERT INTO visitor_count (chatbot_id, day, visitor) VALUES (bot, today, everybody) ON CONFLICT DO NOTHING;
    SELECT number INTO asked_by_all FROM visitor_count
        WHERE chatbot_id = bot AND day = today AND visitor = everybody FOR UPDATE;
    IF asked_by_all >= bot_per_day THEN
        RETURN QUERY SELECT 'bot_day', before, 0::double precision;
        RETURN;
    END IF;
    IF place IS NOT NULL THEN
        SELECT count(*) FILTER (WHERE visitor = who), count(*) INTO held_by_who, held_by_all
            FROM open_answer WHERE chatbot_id = bot AND held_until > moment;
        IF held_by_who >= own_places OR held_by_all >= bot_places THEN
            RETURN QUERY SELECT CASE WHEN held_by_who >= own_places THEN 'own_places' ELSE 'bot_places' END,
                before, 0::double precision;
            RETURN;
        END IF;
        INSERT INTO open_answer (id, chatbot_id, visitor, held_until)
            VALUES (place, bot, who, moment + make_interval(secs => seconds));
    END IF;
    UPDATE visitor_count SET number = number + 1, recent = latest || moment
        WHERE chatbot_id = bot AND day = today AND visitor = who;
    UPDATE visitor_count SET number = number + 1 WHERE chatbot_id = bot AND day = today AND visitor = everybody;
    RETURN QUERY SELECT '', before, 0::double precision;
END
$$;
REVOKE ALL ON FUNCTION take_turn(
    uuid, date, bytea, bytea, integer, integer, integer, uuid, integer, integer, double precision
) FROM PUBLIC;
"""
GONE = """
DROP FUNCTION take_turn(
    uuid, date, bytea, bytea, integer, integer, integer, uuid, integer, integer, double precision
);
DROP TABLE visitor_count, open_answer;
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0004_contacts")]

    operations = [migrations.RunSQL(TABLES + TAKE_TURN, GONE)]
