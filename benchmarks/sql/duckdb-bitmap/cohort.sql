-- One row a member: a bit for each week since Monday, 2023-11-13, 126 weeks at most.
with members as (
    select bit_or(1::hugeint << datediff('week', timestamp '2023-11-13', event_time)) as weeks
    from events
    group by user_id
),
started as (
    select weeks, bit_count(xor(weeks, weeks - 1))::integer - 1 as start -- the lowest bit
    from members
),
-- Members of one start with the same 13 ages are counted together.
patterns as (
    select start, ((weeks >> start) & 8191)::integer as ages, count(*) as members
    from started
    group by all
)
select date '2023-11-13' + 7 * start as cohort, age, sum(members) as returned
from patterns, range(13) as asked (age)
where (ages >> age::integer) & 1 = 1
group by all
order by all
