-- Who bought in each period, who for the first time, who again after the period before.
-- Reads     events(member, time), orders(member, nth, time), observation(as_of)
-- Takes     $period  day | week | month | quarter | year; weeks begin on Monday
--           $tz      the zone whose calendar is used
-- Returns   period, buyers, orders, new_buyers, previous_buyers, repurchased, complete

WITH
length AS (
    SELECT ('1 ' || $period)::INTERVAL AS one
),
bought AS (
    SELECT member, nth, date_trunc($period, time AT TIME ZONE $tz)::DATE AS period FROM orders
),
buyers AS (
    SELECT DISTINCT member, period FROM bought
),
-- Every period from the first to the last with an event.
periods AS (
    SELECT unnest(generate_series(
        date_trunc($period, min(time AT TIME ZONE $tz)),
        date_trunc($period, max(time AT TIME ZONE $tz)),
        any_value(one)
    ))::DATE AS period
    FROM events, observation, length
    WHERE time < as_of
)
SELECT
    period,
    (SELECT count(*) FROM buyers b WHERE b.period = p.period) AS buyers,
    (SELECT count(*) FROM bought b WHERE b.period = p.period) AS orders,
    (SELECT count(*) FROM bought b WHERE b.period = p.period AND nth = 1) AS new_buyers,
    (SELECT count(*) FROM buyers b WHERE b.period + one = p.period) AS previous_buyers,
    (
        SELECT count(*)
        FROM buyers b
        JOIN buyers before ON before.member = b.member AND before.period + one = b.period
        WHERE b.period = p.period
    ) AS repurchased,
    (period + one)::TIMESTAMP AT TIME ZONE $tz <= as_of AS complete
FROM periods p, length, observation
ORDER BY period
