-- Months joined with themselves: with the one before, and with the one after.
with active as (
    select distinct user_id, date_trunc('month', event_time) as month
    from events
),
starts as (
    select user_id, min(month) as start
    from active
    group by user_id
),
present as (
    select
        one.month,
        count(*) as active,
        count(*) filter (start = one.month) as new,
        count(before.user_id) as retained
    from active one
    join starts using (user_id)
    left join active before
        on before.user_id = one.user_id and before.month = one.month - interval 1 month
    group by one.month
),
absent as (
    select one.month + interval 1 month as month, count(*) as churned
    from active one
    anti join active after
        on after.user_id = one.user_id and after.month = one.month + interval 1 month
    group by one.month
)
select
    month::date as period,
    active,
    retained + coalesce(churned, 0) as previous,
    new,
    retained,
    active - new - retained as resurrected,
    coalesce(churned, 0) as churned
from present left join absent using (month)
order by month
