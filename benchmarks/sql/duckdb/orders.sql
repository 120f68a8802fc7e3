-- Every event is an order: a second one within 7, 30 and 90 days of the first, of those whose days
-- are over by as-of. Beside it what retainkit tells in the same run, in brief: orders by member
-- (the ladder), days between orders (the cycle), buyers by month and again in the next one.
with orders as (
    select
        user_id,
        event_time,
        row_number() over orders_of_member as number,
        lead(event_time) over orders_of_member as next_time
    from events
    window orders_of_member as (partition by user_id order by event_time)
),
observed as (
    select date_trunc('day', max(event_time)) + interval 1 day as as_of from events
),
windows as (
    select
        days,
        count(*) filter (event_time + to_days(days) <= as_of) as mature,
        count(*) filter (
            event_time + to_days(days) <= as_of and next_time <= event_time + to_days(days)
        ) as repurchased
    from orders, observed, (select unnest([7, 30, 90]) as days)
    where number = 1
    group by days
),
ladder as (
    select count(*) as rungs, sum(buyers) as orders
    from (select number, count(*) as buyers from orders group by number)
),
gaps as (
    select sum(many) as gaps, sum(least(number, 6) * many) as by_order
    from (
        select least(number, 6) as number, date_diff('day', event_time, next_time) as days,
            count(*) as many
        from orders
        where next_time is not null
        group by all
    )
),
months as (
    select
        count(*) as buyers,
        count(*) filter (lag_month = month - interval 1 month) as again
    from (
        select user_id, month, lag(month) over (partition by user_id order by month) as lag_month
        from (select distinct user_id, date_trunc('month', event_time) as month from events)
    )
)
select days, mature, repurchased, orders, gaps, by_order, months.buyers, again
from windows, ladder, gaps, months
order by days
