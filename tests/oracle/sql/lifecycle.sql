-- Who is new, stayed, came back and went, period by period: the periods joined with themselves.
-- Reads     events(member, time TIMESTAMPTZ)
-- Takes     $period  day | week | month | quarter | year; weeks begin on Monday
--           $tz      the zone whose calendar is used
--           $as_of   TIMESTAMPTZ, or null: midnight after the day of the last event
-- Returns   period, previous, new, retained, resurrected, churned, active, complete

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
length AS (
    SELECT ('1 ' || $period)::INTERVAL AS one
),
active AS (
    SELECT DISTINCT member, date_trunc($period, local_time)::DATE AS period FROM observed
),
firsts AS (
    SELECT member, min(period) AS first FROM active GROUP BY member
),
present AS (
    SELECT
        a.period,
        count(*) AS active,
        count(*) FILTER (a.period = first) AS new,
        count(*) FILTER (before.member IS NOT NULL) AS retained,
        count(*) FILTER (a.period > first AND before.member IS NULL) AS resurrected
    FROM active a
    CROSS JOIN length
    JOIN firsts USING (member)
    LEFT JOIN active before ON before.member = a.member AND before.period + one = a.period
    GROUP BY a.period
),
absent AS (
    SELECT
        (a.period + one)::DATE AS period,
        count(*) AS previous,
        count(*) FILTER (later.member IS NULL) AS churned
    FROM active a
    CROSS JOIN length
    LEFT JOIN active later ON later.member = a.member AND later.period = a.period + one
    GROUP BY a.period, one
),
periods AS (
    SELECT unnest(generate_series(
        (SELECT min(first) FROM firsts)::TIMESTAMP, as_of AT TIME ZONE $tz, one
    ))::DATE AS period
    FROM observation, length
)
SELECT
    period,
    coalesce(previous, 0) AS previous,
    coalesce(new, 0) AS new,
    coalesce(retained, 0) AS retained,
    coalesce(resurrected, 0) AS resurrected,
    coalesce(churned, 0) AS churned,
    coalesce(active, 0) AS active,
    (period + one)::TIMESTAMP AT TIME ZONE $tz <= as_of AS complete
FROM periods
LEFT JOIN present USING (period)
LEFT JOIN absent USING (period)
CROSS JOIN observation
CROSS JOIN length
WHERE period::TIMESTAMP AT TIME ZONE $tz < as_of
ORDER BY period
