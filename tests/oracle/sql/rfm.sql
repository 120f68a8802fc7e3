-- Every buyer with its scores and segment: now, and at a moment before.
-- Reads     orders(member, time TIMESTAMPTZ, amount), the orders before as-of
-- Takes     $as_of   TIMESTAMPTZ
--           $then    TIMESTAMPTZ, midnight of the day to compare with
--           $tz      the zone of the dates
--           $r_cuts, $f_cuts, $m_cuts  four rising DOUBLEs each, or null: fifths of the buyers now
-- Returns   seen ('now' or 'then'), member, recency, orders, amount, r, f, m, segment; and rows of
--           seen = 'cut', with recency, orders and amount the k-th cut, and r, f and m the number k

WITH
buyers AS (
    SELECT
        seen,
        member,
        date_diff('day', (max(time) AT TIME ZONE $tz)::DATE, (moment AT TIME ZONE $tz)::DATE)
            AS recency,
        count(*) AS orders,
        sum(amount) AS amount
    FROM orders
    CROSS JOIN (
        VALUES ('now', $as_of::TIMESTAMPTZ), ('then', $then::TIMESTAMPTZ)
    ) AS moments(seen, moment)
    WHERE time < moment
    GROUP BY seen, moment, member
),
-- How many buyers have at most this value, and is that k fifths of them?
values_now AS (
    SELECT measure, value, count(*) AS buyers
    FROM (
        UNPIVOT (
            SELECT
                recency::DECIMAL(24, 6) AS recency,
                orders::DECIMAL(24, 6) AS orders,
                amount::DECIMAL(24, 6) AS amount
            FROM buyers
            WHERE seen = 'now'
        ) ON recency, orders, amount INTO NAME measure VALUE value
    )
    GROUP BY measure, value
),
at_most AS (
    SELECT
        measure,
        value,
        sum(buyers) OVER (PARTITION BY measure ORDER BY value) AS up_to_here,
        sum(buyers) OVER (PARTITION BY measure) AS everyone
    FROM values_now
),
fifths AS (
    SELECT measure, k, min(value) AS cut
    FROM at_most CROSS JOIN generate_series(1, 4) AS numbers(k)
    WHERE up_to_here * 5 >= everyone * k
    GROUP BY measure, k
),
cuts AS (
    SELECT
        k,
        coalesce(list_extract($r_cuts::DECIMAL(24, 6)[], k), max(cut) FILTER (measure = 'recency')) AS r_cut,
        coalesce(list_extract($f_cuts::DECIMAL(24, 6)[], k), max(cut) FILTER (measure = 'orders')) AS f_cut,
        coalesce(list_extract($m_cuts::DECIMAL(24, 6)[], k), max(cut) FILTER (measure = 'amount')) AS m_cut
    FROM fifths
    GROUP BY k
),
scored AS (
    SELECT
        buyers.*,
        5 - count(*) FILTER (r_cut < recency) AS r,
        1 + count(*) FILTER (f_cut < orders) AS f,
        1 + count(*) FILTER (m_cut < amount) AS m
    FROM buyers CROSS JOIN cuts
    GROUP BY ALL
)
SELECT
    *,
    -- By FM = (F + M + 1) // 2, from 1 to 5.
    CASE r
        WHEN 5 THEN ['new', 'potential', 'potential', 'champions', 'champions']
        WHEN 4 THEN ['promising', 'potential', 'potential', 'loyal', 'champions']
        WHEN 3 THEN ['about to sleep', 'need attention', 'need attention', 'loyal', 'loyal']
        WHEN 2 THEN ['hibernating', 'hibernating', 'at risk', 'at risk', 'cannot lose']
        ELSE ['lost', 'lost', 'at risk', 'cannot lose', 'cannot lose']
    END[(f + m + 1) // 2] AS segment
FROM scored
UNION ALL
SELECT 'cut', NULL, r_cut, f_cut, m_cut, k, k, k, NULL FROM cuts
