with active as (
    select distinct user_id, event_time::date as day
    from events
),
starts as (
    select user_id, min(day) as start
    from active
    group by user_id
),
members as (
    select
        min(start) as start,
        min(day) filter (day > start) as next,
        max(day) as last,
        bool_or(day = start + 1) as on_1,
        bool_or(day = start + 7) as on_7,
        bool_or(day = start + 30) as on_30
    from active join starts using (user_id)
    group by user_id
),
newest as (
    select max(day) as newest from active
),
asked (n) as (
    values (1), (7), (30)
),
counted as (
    select
        n,
        count(*) as members,
        count(*) filter (start + n <= newest) as mature,
        -- who was seen on day n or later is mature
        count(*) filter (case n when 1 then on_1 when 7 then on_7 else on_30 end) as on_n,
        count(*) filter (next <= start + n and start + n <= newest) as within_n,
        count(*) filter (last >= start + n) as after_n
    from members, newest, asked
    group by n
)
select n as day, mode, members, mature, returned
from counted unpivot (
    returned for mode in (on_n as 'on', within_n as 'within', after_n as 'on-or-after')
)
order by all
