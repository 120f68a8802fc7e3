-- What is waited for, and from when on: the first order from the member's first event, the second
-- order from the first.
-- Reads     events(member, time), orders(member, nth, time)
-- Takes     $as_of  TIMESTAMPTZ, or null: what comes at or after it is left out
-- Returns   kind, member, start, ended (null where it never came)

SELECT 'first_order' AS kind, member, start, o.time AS ended
FROM (
    SELECT member, min(time) AS start
    FROM events
    WHERE $as_of IS NULL OR time < $as_of::TIMESTAMPTZ
    GROUP BY member
)
LEFT JOIN orders o USING (member)
WHERE nth IS NULL OR nth = 1
UNION ALL
SELECT 'repurchase', a.member, a.time, b.time
FROM orders a
LEFT JOIN orders b ON b.member = a.member AND b.nth = 2
WHERE a.nth = 1
