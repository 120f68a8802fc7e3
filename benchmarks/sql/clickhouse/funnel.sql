-- visit > view > cart > checkout > pay in this order, all within seven days of the visit, from
-- whichever visit leads furthest; visits of the last seven days count too (--include-open).
with members as (
    select
        windowFunnel(604800)(
            toDateTime(event_time, 'UTC'),
            event = 'visit', event = 'view', event = 'cart', event = 'checkout', event = 'pay'
        ) as level
    from events
    group by user_id
)
select step, countIf(level >= step) as members
from members array join range(1, 6) as step
group by step
order by step
