-- Headline retention: of members whose day N is over, how many were active on it.
-- Reads     events(member, time TIMESTAMPTZ)
-- Takes     $days    a list of N >= 1
--           $tz      the zone whose days are counted
--           $as_of   TIMESTAMPTZ, or null: midnight after the day of the last event
-- Returns   day, members, mature, and returned in each mode

WITH
observed AS (
    SELECT member, (time AT TIME ZONE $tz)::DATE AS date
    FROM events
    WHERE $as_of IS NULL OR time < $as_of::TIMESTAMPTZ
),
observation AS (
    SELECT coalesce(
        $as_of::TIMESTAMPTZ,
        (max(date) + INTERVAL 1 DAY)::TIMESTAMP AT TIME ZONE $tz
    ) AS as_of
    FROM observed
),
starts AS (
    SELECT member, min(date) AS start FROM observed GROUP BY member
),
active AS (
    SELECT DISTINCT member, date - start AS age FROM observed JOIN starts USING (member)
),
days AS (
    SELECT unnest($days::INTEGER[]) AS day
),
followed AS (
    SELECT member, day, (start + to_days(day + 1)) AT TIME ZONE $tz <= as_of AS mature
    FROM days, starts, observation
)
SELECT
    day,
    count(member) AS members,
    count(*) FILTER (mature) AS mature,
    count(*) FILTER (mature AND EXISTS (
        SELECT 1 FROM active a WHERE a.member = f.member AND a.age = f.day
    )) AS "on",
    count(*) FILTER (mature AND EXISTS (
        SELECT 1 FROM active a WHERE a.member = f.member AND a.age BETWEEN 1 AND f.day
    )) AS "within",
    count(*) FILTER (mature AND EXISTS (
        SELECT 1 FROM active a WHERE a.member = f.member AND a.age >= f.day
    )) AS "on-or-after"
FROM days LEFT JOIN followed f USING (day)
GROUP BY day
ORDER BY day
