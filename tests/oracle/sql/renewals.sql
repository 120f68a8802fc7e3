-- How many contracts came to each renewal, and how many were renewed, each on its own clock.
-- Reads     events(member, time TIMESTAMPTZ); members(member, joined, "left" TIMESTAMPTZ)
-- Takes     $period  day | week | month | quarter | year
--           $tz      the zone whose days are counted
--           $as_of   TIMESTAMPTZ, or null: midnight after the day of the last event
-- Returns   segment, renewal, at_risk, renewed; for each segment up to the last that is due

WITH
observation AS (
    SELECT coalesce(
        $as_of::TIMESTAMPTZ,
        (max((time AT TIME ZONE $tz)::DATE) + INTERVAL 1 DAY)::TIMESTAMP AT TIME ZONE $tz
    ) AS as_of
    FROM events
),
active AS (
    SELECT member, min((time AT TIME ZONE $tz)::DATE) AS first
    FROM events, observation
    WHERE time < as_of
    GROUP BY member
),
contracts AS (
    SELECT
        member,
        segment,
        coalesce((CASE WHEN joined < as_of THEN joined END AT TIME ZONE $tz)::DATE, first) AS begin,
        (CASE WHEN "left" < as_of THEN "left" END AT TIME ZONE $tz)::DATE AS gone
    FROM members FULL JOIN active USING (member), observation
    WHERE coalesce(CASE WHEN joined < as_of THEN joined END, first) IS NOT NULL
),
stays AS (
    SELECT segment, begin, CASE WHEN gone >= begin THEN gone END AS "end" FROM contracts
),
renewals AS (
    SELECT
        segment,
        "end",
        renewal,
        (begin + renewal * ('1 ' || $period)::INTERVAL)::DATE AS day,
        (begin + (renewal - 1) * ('1 ' || $period)::INTERVAL)::DATE AS before
    FROM stays, observation, range(1, 1000) AS numbers(renewal)
    WHERE (begin + renewal * ('1 ' || $period)::INTERVAL)::DATE < (as_of AT TIME ZONE $tz)::DATE
)
SELECT
    segment,
    renewal,
    count(*) FILTER ("end" IS NULL OR renewal = 1 OR "end" > before) AS at_risk,
    count(*) FILTER ("end" IS NULL OR "end" > day) AS renewed
FROM renewals
GROUP BY segment, renewal
ORDER BY segment, renewal
