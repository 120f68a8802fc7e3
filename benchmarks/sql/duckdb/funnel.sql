-- visit > view > cart > checkout > pay in this order, all within seven days of the visit, from
-- whichever visit leads furthest; visits of the last seven days count too (--include-open).
-- Each event looks for the last event of the step before it, at its own time at the latest: the
-- latest has the latest start, so no other could lead further. (A third of the time of four
-- running maxima in windows over all events, and less than over the steps in turn; keeping only
-- members of the step before, by semi joins, gains nothing.)
with visits as (
    select user_id, event_time
    from events
    where event = 'visit'
),
views as (
    select view.user_id, view.event_time, visits.event_time as start
    from (from events where event = 'view') view
    asof join visits
        on visits.user_id = view.user_id and visits.event_time <= view.event_time
    where view.event_time <= start + interval 7 days
),
carts as (
    select cart.user_id, cart.event_time, start
    from (from events where event = 'cart') cart
    asof join views
        on views.user_id = cart.user_id and views.event_time <= cart.event_time
    where cart.event_time <= start + interval 7 days
),
checkouts as (
    select checkout.user_id, checkout.event_time, start
    from (from events where event = 'checkout') checkout
    asof join carts
        on carts.user_id = checkout.user_id and carts.event_time <= checkout.event_time
    where checkout.event_time <= start + interval 7 days
),
pays as (
    select pay.user_id
    from (from events where event = 'pay') pay
    asof join checkouts
        on checkouts.user_id = pay.user_id and checkouts.event_time <= pay.event_time
    where pay.event_time <= start + interval 7 days
)
select 1 as step, count(distinct user_id) as members from visits
union all
select 2, count(distinct user_id) from views
union all
select 3, count(distinct user_id) from carts
union all
select 4, count(distinct user_id) from checkouts
union all
select 5, count(distinct user_id) from pays
order by step
