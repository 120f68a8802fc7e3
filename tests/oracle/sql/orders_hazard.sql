-- Who still waits on each day after the start, and whose wait ends on it; days that are over only.
-- Reads     waits(kind, member, start, ended), observation(as_of)
-- Takes     $kind     first_order | repurchase
--           $clock    elapsed: days of 24 hours | calendar: dates of $tz
--           $tz       the zone whose dates are counted
--           $horizon  the last day
-- Returns   day, at_risk, events

WITH
-- The day on which the wait ended (null: it did not), and the last day that is over.
waited AS (
    SELECT
        CASE $clock
            WHEN 'elapsed' THEN (epoch_us(ended) - epoch_us(start)) // 86_400_000_000
            ELSE (ended AT TIME ZONE $tz)::DATE - (start AT TIME ZONE $tz)::DATE
        END AS ended,
        CASE $clock
            WHEN 'elapsed' THEN (epoch_us(as_of) - epoch_us(start)) // 86_400_000_000 - 1
            -- The date of as-of is never over, the one before it always is.
            ELSE (as_of AT TIME ZONE $tz)::DATE - 1 - (start AT TIME ZONE $tz)::DATE
        END AS last
    FROM waits, observation
    WHERE kind = $kind
),
days AS (
    SELECT unnest(generate_series(0, $horizon::INTEGER)) AS day
)
SELECT
    day,
    count(*) AS at_risk,
    count(*) FILTER (ended = day) AS events
FROM days
JOIN waited ON last >= day AND (ended IS NULL OR ended >= day)
GROUP BY day
ORDER BY day
