-- What sales are the product of, and the change from the period before taken apart by factors.
-- Reads     events(member, time), orders(member, time, amount), observation(as_of)
-- Takes     $period  day | week | month | quarter | year; weeks begin on Monday
--           $tz      the zone whose calendar is used
-- Returns   period, visitors, buyers, orders, sales, complete, change (of complete periods), and
--           from_… where sales of both are above 0

WITH
length AS (
    SELECT ('1 ' || $period)::INTERVAL AS one
),
visits AS (
    SELECT date_trunc($period, time AT TIME ZONE $tz)::DATE AS period, member
    FROM events, observation
    WHERE time < as_of
),
bought AS (
    SELECT date_trunc($period, time AT TIME ZONE $tz)::DATE AS period, member, amount FROM orders
),
came AS (
    SELECT period, count(DISTINCT member) AS visitors FROM visits GROUP BY period
),
sold AS (
    SELECT
        period,
        count(DISTINCT member) AS buyers,
        count(*) AS orders,
        sum(amount) AS sales
    FROM bought
    GROUP BY period
),
periods AS (
    SELECT unnest(generate_series(min(period)::TIMESTAMP, max(period), any_value(one)))::DATE
        AS period
    FROM visits, length
),
line AS (
    SELECT
        period,
        coalesce(visitors, 0) AS visitors,
        coalesce(buyers, 0) AS buyers,
        coalesce(orders, 0) AS orders,
        coalesce(sales, 0) AS sales,
        (period + one)::TIMESTAMP AT TIME ZONE $tz <= as_of AS complete
    FROM periods
    LEFT JOIN came USING (period)
    LEFT JOIN sold USING (period)
    CROSS JOIN length
    CROSS JOIN observation
),
-- Each period beside the one before it.
pairs AS (
    SELECT
        *,
        sales > 0 AND before.sales > 0 AS positive,
        (sales - before.sales)::DOUBLE AS change,
        -- The logarithmic mean of both sales.
        CASE
            WHEN NOT positive THEN NULL
            WHEN sales = before.sales THEN sales::DOUBLE
            ELSE change / ln(sales::DOUBLE / before.sales::DOUBLE)
        END AS mean
    FROM (SELECT *, lag(line) OVER (ORDER BY period) AS before FROM line)
)
SELECT
    period,
    visitors,
    buyers,
    orders,
    sales,
    complete,
    CASE WHEN complete THEN change END AS change,
    CASE WHEN complete AND positive THEN mean * ln(visitors / before.visitors) END
        AS from_visitors,
    CASE WHEN complete AND positive
        THEN mean * ln((buyers / visitors) / (before.buyers / before.visitors))
    END AS from_conversion,
    CASE WHEN complete AND positive
        THEN mean * ln((orders / buyers) / (before.orders / before.buyers))
    END AS from_orders_per_buyer,
    CASE WHEN complete AND positive
        THEN mean * ln((sales::DOUBLE / orders) / (before.sales::DOUBLE / before.orders))
    END AS from_amount_per_order
FROM pairs
ORDER BY period
