-- One row a member: the set of its days. (Faster here than groupBitmap, and than a bit a day in
-- three words of UInt256 or nine of UInt64: most members have few days.)
with sets as (
    select arraySort(groupUniqArray(toUInt16(toDate(event_time)))) as days
    from events
    group by user_id
),
members as (
    select
        days,
        days[1] as start,
        days[2] as next, -- 0 where there is none
        days[-1] as last,
        max(last) over () as newest
    from sets
),
counted as (
    select
        n,
        count() as members,
        countIf(start + n <= newest) as mature,
        -- who was seen on day n or later is mature
        countIf(has(days, start + n)) as on_n,
        countIf(next > 0 and next <= start + n and start + n <= newest) as within_n,
        countIf(last >= start + n) as after_n
    from members array join [1, 7, 30] as n
    group by n
)
select n as day, mode, members, mature, returned
from counted
array join ['on', 'within', 'on-or-after'] as mode, [on_n, within_n, after_n] as returned
order by day, mode
