-- What becomes of the rows of an export, as docs/sources.md says, of times that are written as ISO
-- dates and in UTC, and of amounts with a point. `raw` has user_id, event_time and amount as text.
CREATE OR REPLACE TEMP TABLE told AS
WITH cells AS (
    SELECT
        nullif(trim(user_id, ' ' || chr(9)), '') AS member,
        nullif(trim(event_time), '') AS written,
        nullif(trim(amount), '') AS money
    FROM raw
    WHERE user_id IS NOT NULL OR event_time IS NOT NULL OR amount IS NOT NULL
),
read AS (
    SELECT
        *,
        coalesce(
            try_strptime(written, '%Y-%m-%d %H:%M:%S'),
            try_strptime(written, '%Y-%m-%dT%H:%M:%S'),
            try_strptime(written, '%Y-%m-%d %H:%M'),
            try_strptime(written, '%Y-%m-%d')
        ) AS moment,
        try_cast(money AS DECIMAL(38, 6)) AS amount
    FROM cells
)
SELECT
    member,
    moment,
    amount,
    CASE
        WHEN lower(member) IN ('total', 'subtotal', '合计', '小计') THEN 'total line'
        WHEN member IS NULL OR lower(member) IN ('null', '-', '0', 'guest', '游客') THEN 'no member'
        WHEN written IS NULL OR lower(written) IN ('null', '-') THEN 'no time'
        WHEN written LIKE '0000-%' THEN 'zero date'
        WHEN moment IS NULL THEN 'unreadable time'
        WHEN moment = TIMESTAMP '1970-01-01' OR year(moment) < 1900 OR year(moment) > 9998
            THEN 'zero date'
        WHEN money IS NOT NULL AND amount IS NULL THEN 'unreadable amount'
    END AS fate
FROM read;
