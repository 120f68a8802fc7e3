-- What there is in all.
-- Reads     events(member, time), orders(member, nth, time, amount)
-- Takes     $as_of  TIMESTAMPTZ, or null: what comes at or after it is left out
-- Returns   members, buyers, orders, buyers_2plus, repeat_orders, amount

SELECT
    (
        SELECT count(DISTINCT member)
        FROM events
        WHERE $as_of IS NULL OR time < $as_of::TIMESTAMPTZ
    ) AS members,
    count(*) FILTER (nth = 1) AS buyers,
    count(*) AS orders,
    count(*) FILTER (nth = 2) AS buyers_2plus,
    count(*) FILTER (nth > 1) AS repeat_orders,
    coalesce(sum(amount), 0) AS amount
FROM orders
