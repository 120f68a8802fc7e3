-- Who is present, joined and churned, period by period, when so many days without an event are
-- a churn: active days beside the one before and the one after.
-- Reads     events(member, time TIMESTAMPTZ)
-- Takes     $period         day | week | month | quarter | year; weeks begin on Monday
--           $inactive_days  the days
--           $tz             the zone whose days are counted
--           $as_of          TIMESTAMPTZ, or null: midnight after the day of the last event
-- Returns   period, present_start, joined, rejoined, churned, churned_of_start, present_end,
--           complete

WITH
observed AS (
    SELECT member, (time AT TIME ZONE $tz)::DATE AS day
    FROM events
    WHERE $as_of IS NULL OR time < $as_of::TIMESTAMPTZ
),
observation AS (
    SELECT coalesce(
        $as_of::TIMESTAMPTZ,
        (max(day) + INTERVAL 1 DAY)::TIMESTAMP AT TIME ZONE $tz
    ) AS as_of
    FROM observed
),
days AS (
    SELECT
        member,
        day,
        lag(day) OVER one AS before,
        lead(day) OVER one AS after
    FROM (SELECT DISTINCT member, day FROM observed)
    WINDOW one AS (PARTITION BY member ORDER BY day)
),
begins AS (
    SELECT
        member,
        day AS begin,
        before IS NOT NULL AS again,
        row_number() OVER (PARTITION BY member ORDER BY day) AS number
    FROM days
    WHERE before IS NULL OR day - before > $inactive_days
),
ends AS (
    SELECT
        member,
        (day + to_days($inactive_days::INTEGER))::DATE AS over,
        row_number() OVER (PARTITION BY member ORDER BY day) AS number
    FROM days
    WHERE after IS NULL OR after - day > $inactive_days
),
spells AS (
    SELECT
        member,
        begin,
        again,
        CASE WHEN over < (as_of AT TIME ZONE $tz)::DATE THEN over END AS "end"
    FROM begins JOIN ends USING (member, number), observation
),
periods AS (
    SELECT
        unnest(generate_series(
            date_trunc($period, (SELECT min(begin) FROM begins)),
            as_of AT TIME ZONE $tz,
            ('1 ' || $period)::INTERVAL
        ))::DATE AS period,
        (period + ('1 ' || $period)::INTERVAL)::DATE AS next
    FROM observation
)
SELECT
    period,
    count(member) FILTER (begin < period AND ("end" IS NULL OR "end" >= period)) AS present_start,
    count(member) FILTER (begin >= period AND begin < next) AS joined,
    count(member) FILTER (again AND begin >= period AND begin < next) AS rejoined,
    count(member) FILTER ("end" >= period AND "end" < next) AS churned,
    count(member) FILTER ("end" >= period AND "end" < next AND begin < period) AS churned_of_start,
    count(member) FILTER (begin < next AND ("end" IS NULL OR "end" >= next)) AS present_end,
    next::TIMESTAMP AT TIME ZONE $tz <= as_of AS complete
FROM periods CROSS JOIN observation LEFT JOIN spells ON true
WHERE period::TIMESTAMP AT TIME ZONE $tz < as_of
GROUP BY period, next, as_of
ORDER BY period
