-- The most common paths from one event to another, of events that all have a name.
-- Reads     events(member, time TIMESTAMPTZ, event)
-- Takes     $start, $end, $ignored   names of events
--           $window  seconds         $depth   events told after the start
--           $as_of   TIMESTAMPTZ
-- Returns   path, arrived, members, median_seconds (of whole seconds)

WITH
told AS (
    SELECT *, row_number() OVER (PARTITION BY member ORDER BY time, event) AS n
    FROM events
    WHERE event <> $ignored
),
starts AS (
    SELECT member, min(n) AS first, min(time) AS begun
    FROM told
    WHERE event = $start
    GROUP BY member
    HAVING min(time) + to_seconds($window) < $as_of::TIMESTAMPTZ
),
inside AS (
    SELECT
        told.*,
        first,
        begun,
        min(n) FILTER (event = $end AND n > first) OVER (PARTITION BY member) AS arrival
    FROM told
    JOIN starts USING (member)
    WHERE n >= first AND time <= begun + to_seconds($window)
),
steps AS (
    SELECT
        *,
        event IS DISTINCT FROM lag(event) OVER (PARTITION BY member ORDER BY n)
            OR n IS NOT DISTINCT FROM arrival AS new
    FROM inside
    WHERE arrival IS NULL OR n <= arrival
),
numbered AS (
    SELECT *, row_number() OVER (PARTITION BY member ORDER BY n) - 1 AS position
    FROM steps
    WHERE new
),
paths AS (
    SELECT
        member,
        string_agg(event, ' > ' ORDER BY n) FILTER (position <= $depth) AS path,
        max(position) > $depth AS cut,
        any_value(arrival) IS NOT NULL AS arrived,
        max(date_diff('microsecond', begun, time)) FILTER (n = arrival) // 1000000 AS seconds
    FROM numbered
    GROUP BY member
)
SELECT
    path
        || CASE WHEN cut THEN ' > …' ELSE '' END
        || CASE WHEN cut AND arrived THEN ' > ' || $end ELSE '' END AS path,
    arrived,
    count(*) AS members,
    quantile_disc(seconds, 0.5) AS median_seconds
FROM paths
GROUP BY ALL
ORDER BY members DESC, path
