-- One row a member: a bit for each week since Monday, 2023-11-13.
with members as (
    select
        groupBitOr(bitShiftLeft(
            toUInt128(1), toUInt8(dateDiff('week', toDate('2023-11-13'), event_time))
        )) as weeks
    from events
    group by user_id
),
-- Members of one start with the same 13 ages are counted together.
patterns as (
    select
        bitCount(bitXor(weeks, weeks - 1)) - 1 as start, -- the lowest bit
        toUInt16(bitAnd(bitShiftRight(weeks, start), 8191)) as ages,
        count() as members
    from members
    group by start, ages
)
select toDate('2023-11-13') + 7 * start as cohort, age, sum(members * bitTest(ages, age)) as returned
from patterns array join range(13) as age
group by cohort, age
order by cohort, age
