-- Who made a k-th order, and who of them a next one.
-- Reads     orders(member, nth)
-- Returns   order, buyers, next, stopped

SELECT
    nth AS "order",
    count(*) AS buyers,
    count(later) AS next,
    count(*) FILTER (later IS NULL) AS stopped
FROM (SELECT nth, lead(nth) OVER (PARTITION BY member ORDER BY nth) AS later FROM orders)
GROUP BY nth
ORDER BY nth
