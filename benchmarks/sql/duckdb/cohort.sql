with active as (
    select distinct user_id, date_trunc('week', event_time) as week
    from events
),
starts as (
    select user_id, min(week) as cohort
    from active
    group by user_id
)
select cohort::date as cohort, datediff('week', cohort, week) as age, count(*) as returned
from active join starts using (user_id)
where age <= 12
group by all
order by all
