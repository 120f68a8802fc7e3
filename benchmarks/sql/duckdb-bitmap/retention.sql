-- One row a member: a bit for each day since 2023-11-13, in nine words of 64 days. (Faster here
-- than a BITSTRING, whose operators go bit by bit, and than fewer words of HUGEINT.)
with dated as (
    select user_id, datediff('day', timestamp '2023-11-13', event_time) as day
    from events
),
words as (
    select
        min(day) as start,
        max(day) as last,
        [
            bit_or(1::ubigint << (day & 63)::ubigint) filter (day >> 6 = 0),
            bit_or(1::ubigint << (day & 63)::ubigint) filter (day >> 6 = 1),
            bit_or(1::ubigint << (day & 63)::ubigint) filter (day >> 6 = 2),
            bit_or(1::ubigint << (day & 63)::ubigint) filter (day >> 6 = 3),
            bit_or(1::ubigint << (day & 63)::ubigint) filter (day >> 6 = 4),
            bit_or(1::ubigint << (day & 63)::ubigint) filter (day >> 6 = 5),
            bit_or(1::ubigint << (day & 63)::ubigint) filter (day >> 6 = 6),
            bit_or(1::ubigint << (day & 63)::ubigint) filter (day >> 6 = 7),
            bit_or(1::ubigint << (day & 63)::ubigint) filter (day >> 6 = 8)
        ] as words
    from dated
    group by user_id
),
-- Days 0 to 31 since the start lie in the word of the start and the next one.
parts as (
    select
        start,
        last,
        words[(start >> 6) + 1]::hugeint as low,
        coalesce(words[(start >> 6) + 2] & 4294967295, 0)::hugeint as high
    from words
),
members as (
    select
        start,
        last,
        (((low + (high << 64)) >> (start & 63)) & 4294967295)::bigint as ages
    from parts
),
newest as (
    select max(last) as newest from members
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
        count(*) filter ((ages >> n) & 1 = 1) as on_n,
        count(*) filter (ages & ((2::bigint << n) - 2) > 0 and start + n <= newest) as within_n,
        count(*) filter (last >= start + n) as after_n
    from members, newest, asked
    group by n
)
select n as day, mode, members, mature, returned
from counted unpivot (
    returned for mode in (on_n as 'on', within_n as 'within', after_n as 'on-or-after')
)
order by all
