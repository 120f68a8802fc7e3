-- The orders that order events make.
-- Reads     events(member, time TIMESTAMPTZ, is_order BOOLEAN, order_id, amount DECIMAL(18, 6))
-- Takes     $tz          the zone whose dates are merged
--           $as_of       TIMESTAMPTZ, or null: what comes at or after it is left out
--           $merge_days  BOOLEAN: orders of a member on one date are one
-- Returns   member, nth (1 for the first), time, amount

WITH
rows AS (
    SELECT
        member,
        time,
        coalesce(amount, 0) AS amount,
        -- A row without an id is an order of its own.
        CASE WHEN order_id IS NULL THEN 'row ' || row_number() OVER () ELSE 'id ' || order_id END
            AS id
    FROM events
    WHERE is_order AND ($as_of IS NULL OR time < $as_of::TIMESTAMPTZ)
),
by_id AS (
    SELECT member, min(time) AS time, sum(amount) AS amount FROM rows GROUP BY member, id
),
-- Once more by date; by nothing else than the order itself where days are not merged.
by_day AS (
    SELECT
        member,
        CASE WHEN $merge_days THEN (time AT TIME ZONE $tz)::DATE::VARCHAR ELSE n::VARCHAR END AS day,
        time,
        amount
    FROM (SELECT *, row_number() OVER () AS n FROM by_id)
),
orders AS (
    SELECT member, min(time) AS time, sum(amount) AS amount FROM by_day GROUP BY member, day
)
SELECT member, row_number() OVER (PARTITION BY member ORDER BY time) AS nth, time, amount
FROM orders
