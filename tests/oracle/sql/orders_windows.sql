-- Of those whose window of so many days is over: how many did not wait longer.
-- Reads     waits(kind, member, start, ended), observation(as_of)
-- Takes     $kind   first_order | repurchase
--           $days   a list of days
--           $clock  elapsed: days x 24 hours | calendar: dates of $tz
--           $tz     the zone whose dates are counted
-- Returns   days, members, mature, ended

WITH
windows AS (
    SELECT
        days,
        start,
        ended,
        CASE $clock
            WHEN 'elapsed' THEN start + to_hours(24 * days) <= as_of
            ELSE ((start AT TIME ZONE $tz)::DATE + days::INTEGER + 1)::TIMESTAMP AT TIME ZONE $tz
                <= as_of
        END AS mature,
        CASE $clock
            WHEN 'elapsed' THEN ended - start <= to_hours(24 * days)
            ELSE (ended AT TIME ZONE $tz)::DATE - (start AT TIME ZONE $tz)::DATE <= days
        END AS within
    FROM waits, observation, (SELECT unnest($days::INTEGER[]) AS days)
    WHERE kind = $kind
)
SELECT
    days,
    count(start) AS members,
    count(start) FILTER (mature) AS mature,
    count(start) FILTER (mature AND within) AS ended
FROM (SELECT unnest($days::INTEGER[]) AS days)
LEFT JOIN windows USING (days)
GROUP BY days
ORDER BY days
