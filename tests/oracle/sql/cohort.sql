-- Cohorts by first activity: who started in a period, how many returned at each age.
-- Reads     events(member, time TIMESTAMPTZ)
-- Takes     $period  day | week | month | quarter | year; weeks begin on Monday
--           $tz      the zone whose calendar is used
--           $as_of   TIMESTAMPTZ, or null: midnight after the day of the last event
--           $horizon the last age
-- Returns   cohort, age, size, complete, and returned in each mode

WITH
observed AS (
    SELECT member, time AT TIME ZONE $tz AS local_time
    FROM events
    WHERE $as_of IS NULL OR time < $as_of::TIMESTAMPTZ
),
observation AS (
    SELECT coalesce(
        $as_of::TIMESTAMPTZ,
        (max(local_time)::DATE + INTERVAL 1 DAY)::TIMESTAMP AT TIME ZONE $tz
    ) AS as_of
    FROM observed
),
periods AS (
    SELECT DISTINCT member, date_trunc($period, local_time)::DATE AS period FROM observed
),
starts AS (
    SELECT member, min(period) AS cohort FROM periods GROUP BY member
),
active AS (
    SELECT member, cohort, date_diff($period, cohort, period) AS age
    FROM periods JOIN starts USING (member)
),
sizes AS (
    SELECT cohort, count(*) AS size FROM starts GROUP BY cohort
),
cells AS (
    SELECT
        cohort,
        size,
        age,
        (cohort + (age || ' ' || $period)::INTERVAL) AT TIME ZONE $tz AS begins,
        (cohort + (age + 1 || ' ' || $period)::INTERVAL) AT TIME ZONE $tz AS ends
    FROM sizes, (SELECT unnest(range($horizon + 1)) AS age)
)
SELECT
    cohort,
    age,
    size,
    ends <= as_of AS complete,
    (
        SELECT count(*) FROM active a
        WHERE a.cohort = c.cohort AND a.age = c.age
    ) AS "on",
    (
        SELECT count(DISTINCT member) FROM active a
        WHERE a.cohort = c.cohort AND a.age BETWEEN 1 AND c.age
    ) AS "within",
    (
        SELECT count(DISTINCT member) FROM active a
        WHERE a.cohort = c.cohort AND a.age >= c.age
    ) AS "on-or-after",
    (
        SELECT count(*) FROM (
            SELECT member FROM active a
            WHERE a.cohort = c.cohort AND a.age <= c.age
            GROUP BY member
            HAVING count(*) = c.age + 1
        )
    ) AS "every"
FROM cells c, observation
WHERE begins < as_of
ORDER BY cohort, age
